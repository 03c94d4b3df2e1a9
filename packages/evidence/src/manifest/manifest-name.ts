/**
 * The name of an environment's manifest: `manifest.json` in a folder named after the environment, and
 * `<identifier>_manifest.json` in one that environments may share.
 * @param folderName the last part of the folder's path
 */
export function manifestName(folderName: string, identifier: string): string {
  return folderName === identifier ? 'manifest.json' : `${identifier}_manifest.json`
}
