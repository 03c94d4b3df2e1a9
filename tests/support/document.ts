import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Block {
  readonly language: string
  readonly text: string
}

/** The code blocks of a document, in their order. */
export function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8')
  return Array.from(text.matchAll(/```(\w+)\n([^]*?)```/g), ([, language = '', block = '']) => ({
    language,
    text: block,
  }))
}

/** The blocks of a language in a document. */
export function blocks(document: string, language: string): string[] {
  return blocksOf(document)
    .filter((block) => block.language === language)
    .map(({ text }) => text)
}
