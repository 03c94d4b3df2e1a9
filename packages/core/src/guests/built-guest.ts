import { join } from 'node:path'
import type { GuestManifest } from './guest-manifest.ts'

/** A guest with chosen packages, which `guest/with-packages.sh` built. */
export class BuiltGuest {
  /** Hash of its content, the name of its folder. */
  readonly key: string
  /** The names that it was given, in their order; none after another guest took the last one over. */
  readonly names: readonly string[]
  readonly folder: string
  readonly manifest: GuestManifest

  constructor(folder: string, key: string, names: readonly string[], manifest: GuestManifest) {
    this.folder = folder
    this.key = key
    this.names = names
    this.manifest = manifest
  }

  get disk(): string {
    return join(this.folder, 'disk.qcow2')
  }
}
