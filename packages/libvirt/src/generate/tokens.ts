export interface Token {
  readonly kind: 'word' | 'punctuation' | 'comment'
  readonly text: string
  readonly line: number
}

const PATTERN = /\/\*[\s\S]*?\*\/|^%.*$|[A-Za-z0-9_]+|-\d+|\s+|[^\s]/gm

/** Cuts an .x file (RFC 4506's language, as rpcgen reads it) into tokens. Lines starting with % go to the C compiler. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  for (const [text] of source.matchAll(PATTERN)) {
    if (text.startsWith('/*')) tokens.push({ kind: 'comment', text, line })
    else if (/^-?\w/.test(text)) tokens.push({ kind: 'word', text, line })
    else if (!text.startsWith('%') && text.trim() !== '') tokens.push({ kind: 'punctuation', text, line })
    line += text.split('\n').length - 1
  }
  return tokens
}
