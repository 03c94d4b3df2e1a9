import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import { type Block, blocksOf, root } from './support/documents.ts'

const GUEST_MS = 180_000
const run = promisify(execFile)

// In a document, a block whose language is followed by a name is a file; a block of TypeScript without one is a program
// that finds the files of its section beside it, and the block of text that follows is what it prints. `sh run` is run
// from the repository's root.
const documents = ['docs/developer-manual.md', 'docs/user-manual.md']

/** Inside the repository, where its packages are found. */
mkdirSync(join(root, 'tests/dist'), { recursive: true })
const folder = mkdtempSync(join(root, 'tests/dist/manual-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Section {
  readonly title: string
  readonly folder: string
  readonly blocks: readonly Block[]
}

const sections = documents.flatMap((document) => {
  const texts = readFileSync(join(root, document), 'utf8').split(/^(?=## )/m)
  return texts.map((text, index): Section => {
    const own = join(folder, `${document.replaceAll(/\W/g, '-')}-${index}`)
    mkdirSync(own)
    const title = `${document}: ${/^## (.+)/.exec(text)?.[1] ?? 'introduction'}`
    return { title, folder: own, blocks: blocksOf(text) }
  })
})

const programs = sections.flatMap(({ title, folder: own, blocks }) => {
  for (const { file, text } of blocks.filter((block) => block.language !== 'sh' && block.file !== '')) {
    writeFileSync(join(own, file), text)
    if (file.endsWith('.ts')) writeFileSync(join(own, file.replace(/\.ts$/, '.js')), javascriptOf(text))
  }
  return blocks.flatMap(({ language, file, text }, index) => {
    if (language !== 'ts' || file !== '') return []
    const path = join(own, `program-${index}.ts`)
    writeFileSync(path, text)
    writeFileSync(path.replace(/\.ts$/, '.js'), javascriptOf(text))
    const next = blocks[index + 1]
    return [{ title, path, folder: own, prints: next?.language === 'text' ? next.text : '' }]
  })
})

function javascriptOf(text: string): string {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2023,
    rewriteRelativeImportExtensions: true,
  }
  return ts.transpileModule(text, { compilerOptions }).outputText
}

/** `<identifier>` stands for any, `…` for anything in a line. */
function pattern(prints: string): RegExp {
  const parts = prints.split(/(<identifier>|…)/).map((part) => {
    if (part === '<identifier>') return '[0-9a-f-]{36}'
    return part === '…' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts.join('')}$`)
}

test.each(programs)('$title: prints what it says', async ({ path, folder: own, prints }) => {
  const { stdout } = await run('node', [path.replace(/\.ts$/, '.js')], { cwd: own, encoding: 'utf8' })
  expect(stdout).toMatch(pattern(prints))
})

test('all TypeScript in the manuals is right by its types', () => {
  const base = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => readFileSync(path, 'utf8'))
  const { options } = ts.parseJsonConfigFileContent(
    { ...base.config, compilerOptions: { ...base.config.compilerOptions, composite: false, noEmit: true } },
    ts.sys,
    root,
  )
  const files = ts.sys.readDirectory(folder, ['.ts'])
  expect(files.length).toBeGreaterThan(programs.length)
  const program = ts.createProgram(files, { ...options, allowImportingTsExtensions: true })
  const mistakes = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  expect(mistakes).toEqual([])
}, 60_000)

const scripts = sections.flatMap(({ title, blocks }) =>
  blocks.flatMap(({ language, file, text }) =>
    language === 'sh' && file === 'run' ? [{ title, text }] : [],
  ),
)

test.each(scripts)('$title: the commands succeed', { timeout: GUEST_MS }, async ({ text }) => {
  const here = mkdtempSync(join(tmpdir(), 'see-manual-'))
  try {
    // A repository that may be written to.
    for (const name of ['node_modules', 'packages', 'guest', 'examples', 'schemas']) {
      symlinkSync(join(root, name), join(here, name))
    }
    await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: here, encoding: 'utf8' })
  } finally {
    rmSync(here, { recursive: true })
  }
})
