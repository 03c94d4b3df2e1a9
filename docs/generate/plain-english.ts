import ts from 'typescript'
import { wordList } from './word-list.ts'

/** What a file's text is to its readers: what users read, or what only developers read. */
type Audience = 'users' | 'developers'

/** A phrase of the word list in a file. */
export interface FoundPhrase {
  readonly file: string
  readonly line: number
  readonly phrase: string
  readonly instead: string
  readonly audience: Audience
}

/** Stands for code, which is not compared. */
const CODE = '\0'
const COMMENT = /\/\/.*|\/\*[^]*?\*\//g
const OF_DEVELOPERS = /^docs\/adr\/|^vitest\.config\.ts$/
const OF_TESTS = /\.test\.ts$|(?:^|\/)(?:testing|test-servers|tests|bench)\//
const SENTENCE_OF = {
  pattern: String.raw`(?<=(?:^|\0|[.!?;] )\s*)Of\b(?! (?:\d+|two|three|eight)\b)`,
  instead: 'the noun: "Size of the file, in bytes."',
}

const compiled = wordList.map(({ pattern, instead }) => ({
  expression: new RegExp(pattern.replaceAll(' ', String.raw`\s+`), 'gi'),
  instead,
}))
const sentenceOf = new RegExp(SENTENCE_OF.pattern.replaceAll(' ', String.raw`\s+`), 'g')
const all = [...compiled, { expression: sentenceOf, instead: SENTENCE_OF.instead }]

/** All phrases of the word list in a file: of a TypeScript source, in its comments, strings and templates. */
export function phrasesIn(file: string, text: string): FoundPhrase[] {
  if (!file.endsWith('.ts')) {
    return search(file, text, withoutCode(text), OF_DEVELOPERS.test(file) ? 'developers' : 'users')
  }
  const { comments, strings } = partsOf(text)
  return [
    ...search(file, text, comments, 'developers'),
    ...search(file, text, strings, OF_TESTS.test(file) || OF_DEVELOPERS.test(file) ? 'developers' : 'users'),
  ]
}

/** How a phrase is reported: where it is, and what to write instead. */
export function describePhrase({ file, line, phrase, instead }: FoundPhrase): string {
  return `${file}:${line}: “${phrase}”: write ${instead}`
}

function search(file: string, text: string, masked: string, audience: Audience): FoundPhrase[] {
  return all.flatMap(({ expression, instead }) =>
    Array.from(masked.matchAll(expression), ({ 0: phrase, index }) => ({
      file,
      line: text.slice(0, index).split('\n').length,
      phrase: phrase.replaceAll(/\s+/g, ' '),
      instead,
      audience,
    })),
  )
}

/** A text of the same length without spans of code, and without what begins a line of a comment or a quotation. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/`[^`\n]+`/g, (span) => CODE.repeat(span.length))
    .replaceAll(/^[ \t]*(?:\*\/|\/\*\*?|\*|\/\/|#|>)/gm, (mark) => ' '.repeat(mark.length))
}

/** The comments of a source, and its strings: each as long as the source, with `CODE` for what is left out. */
function partsOf(text: string): { readonly comments: string; readonly strings: string } {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest)
  const empty = text.replaceAll(/\S/g, CODE)
  let comments = ''
  let strings = ''
  /** What stands between two literals: code, and comments. */
  const between = (end: number): void => {
    for (let at = strings.length; at < end; at = strings.length) {
      COMMENT.lastIndex = at
      const { index, 0: comment } = COMMENT.exec(text.slice(0, end)) ?? { index: end, 0: '' }
      comments += empty.slice(at, index) + comment
      // Strings joined by a plus are one.
      strings += text
        .slice(at, index)
        .replaceAll(/[^\s+]/g, CODE)
        .replaceAll('+', ' ')
      strings += empty.slice(index, index + comment.length)
    }
  }
  const visit = (node: ts.Node): void => {
    if (isLiteral(node)) {
      const start = node.getStart(source)
      between(start)
      comments += empty.slice(start, node.end)
      strings += ts.isRegularExpressionLiteral(node)
        ? empty.slice(start, node.end)
        : ` ${text.slice(start + 1, node.end - 1)} `
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  between(text.length)
  return { comments: withoutCode(comments), strings }
}

function isLiteral(node: ts.Node): boolean {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isRegularExpressionLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  )
}
