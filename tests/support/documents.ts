import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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

/**
 * Runs a program of a document as it stands, by the command that the README gives, in a folder inside this repository, where
 * it finds the packages; returns its output.
 * @param beside a folder whose files it finds beside it
 */
export function run(source: string | undefined, beside?: string): string {
  const dist = join(root, 'tests/dist')
  mkdirSync(dist, { recursive: true })
  const folder = mkdtempSync(join(dist, 'readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  if (beside !== undefined) {
    for (const name of readdirSync(beside)) symlinkSync(join(beside, name), join(folder, name))
  }
  writeFileSync(join(folder, 'example.ts'), source ?? '')
  const [command = ''] = blocks('README.md', 'sh')
  // What is translated is kept nowhere.
  const env = { ...process.env, JITI_FS_CACHE: 'false' }
  return execFileSync('sh', ['-euc', command], { cwd: folder, encoding: 'utf8', timeout: RUN_MS, env })
}
