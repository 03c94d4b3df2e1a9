/** The mode of a folder whose files have `mode`: who may read those may enter it. */
export function folderModeOf(mode: number): number {
  return mode | ((mode & 0o444) >> 2)
}
