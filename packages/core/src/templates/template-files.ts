/** The names of the files that a template has in its folder, beside its manifest. */
export const templateFiles = {
  memory: 'memory',
  state: 'state',
  disk: 'disk.qcow2',
  /** An empty overlay of the disk: what a clone's disk begins as. */
  overlay: 'overlay.qcow2',
} as const
