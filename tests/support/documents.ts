import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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
