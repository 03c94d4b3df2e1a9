import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Manifest, type ManifestFile, parseManifest } from '@see/evidence'

/** The manifest of the one environment that wrote into a folder. */
export async function readManifest(folder: string): Promise<Manifest> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('manifest.json'))
  if (names[0] === undefined || names.length > 1) throw new Error(`${names.length} manifests in ${folder}`)
  return parseManifest(await readFile(join(folder, names[0])))
}

/** Its files by their paths, without the environment's identifier before each. */
export async function manifestFiles(folder: string): Promise<Record<string, ManifestFile>> {
  const { identifier, files } = await readManifest(folder)
  return Object.fromEntries(files.map((file) => [file.path.replace(`${identifier}_`, ''), file]))
}

/** The names of the evidence in a folder: without the manifest, and what is only there while it is written. */
export async function evidenceIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).toSorted()
  return names.filter((name) => !name.endsWith('manifest.json') && !/^\.[0-9a-f-]{36}\.part$/.test(name))
}

/** What the manifest in a folder, of an environment that has ended, says otherwise than the files in it. */
export async function manifestFaults(folder: string): Promise<string[]> {
  const { complete, files } = await readManifest(folder)
  const faults = complete ? [] : ['it is not complete']
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const left = new Set(
    entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name)),
  )
  for (const { path, bytes, sha256, of } of files) {
    const content = await readFile(join(folder, path)).catch(() => undefined)
    left.delete(join(folder, path))
    if (content?.length !== bytes) faults.push(`${path} has ${content?.length} bytes, not ${bytes}`)
    if (content !== undefined && createHash('sha256').update(content).digest('hex') !== sha256)
      faults.push(`${path} does not have the SHA-256 ${sha256}`)
    if (of !== undefined && !files.some((other) => other.path === of))
      faults.push(`${path} belongs to ${of}, which is not there`)
  }
  for (const path of left)
    if (!path.endsWith('manifest.json')) faults.push(`${relative(folder, path)} is not in it`)
  return faults
}
