import type { ListedFile } from '../common/evidence-source.ts'
import type { Manifest } from '../manifest/manifest.ts'

/** What the files of a folder lack of what its manifest says, in words. */
export function missingFiles({ files }: Manifest, listed: readonly ListedFile[]): string[] {
  const sizes = new Map(listed.map(({ path, bytes }) => [path, bytes]))
  return files.flatMap(({ path, bytes, state }) => {
    const size = sizes.get(path)
    if (size === undefined) return [`${path}, which the manifest names`]
    if (state === 'growing') return [`the end of ${path}, which was being written and has ${size} bytes`]
    if (state === 'incomplete') return [`a part of ${path}, which its writer calls incomplete`]
    if (bytes !== null && bytes !== size) return [`${path} as it was: it had ${bytes} bytes and has ${size}`]
    return []
  })
}
