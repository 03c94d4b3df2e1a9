import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript'
import { onTestFinished } from 'vitest'

const RUN_MS = 120_000
/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A block of code in a document: its language, and what stands behind that, the name of its file. */
export interface Block {
  readonly language: string
  readonly file: string
  readonly text: string
}

/** All blocks of code in a document's text. */
export function blocksOf(text: string): Block[] {
  return Array.from(
    text.matchAll(/^```(\w+)(?: ([^\n]+))?\n([^]*?)^```$/gm),
    ([, language = '', file = '', block = '']) => ({
      language,
      file,
      text: block,
    }),
  )
}

/** The blocks of a language in a document. */
export function blocks(document: string, language: string): string[] {
  const text = readFileSync(join(root, document), 'utf8')
  return blocksOf(text).flatMap((block) => (block.language === language ? [block.text] : []))
}

/** Runs a program of a document from inside this repository, where it finds the packages, and returns its output. */
export function run(source: string | undefined, cwd: string): string {
  const { outputText } = transpileModule(source ?? '', {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 },
  })
  const folder = join(root, 'tests/dist')
  mkdirSync(folder, { recursive: true })
  const script = join(mkdtempSync(join(folder, 'readme-')), 'example.mjs')
  onTestFinished(() => rmSync(join(script, '..'), { recursive: true }))
  writeFileSync(script, outputText)
  return execFileSync('node', [script], { cwd, encoding: 'utf8', timeout: RUN_MS })
}
