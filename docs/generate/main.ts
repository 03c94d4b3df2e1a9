// Writes the documents that are made from the code: `npm run docs`.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { documents } from './documents.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))
for (const [path, text] of documents(repository)) {
  const file = join(repository, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}
