import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseBoundedJson, z } from '@see/core'

const object = z.record(z.string(), z.unknown())

/**
 * Writes the resources file of a template's clones beside that of its guest, which it has the rest from.
 * @returns its path
 */
export async function writeClonesFile(resources: string, template: string): Promise<string> {
  const own = object.parse(parseBoundedJson(await readFile(resources, 'utf8')))
  const path = join(dirname(resources), `clones-${template}.json`)
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, `${JSON.stringify({ ...own, template }, undefined, 2)}\n`, { mode: 0o444 })
  await rename(unfinished, path)
  return path
}
