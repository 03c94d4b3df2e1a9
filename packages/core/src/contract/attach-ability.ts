/** A disk attached to a running guest. */
export interface AttachedDisk {
  /** The serial number by which the guest finds it. */
  readonly serial: string
  /** Size in bytes of the content; the disk itself is padded with zeroes to whole sectors. */
  readonly contentBytes: number
  detach(): Promise<void>
}

/** Brings files of this host into the guest as disks. */
export interface AttachAbility {
  /**
   * Plugs a read-only disk with the file's bytes into the running guest.
   * @throws SeeError `STORAGE_FAILED` when this sandbox's configuration has nowhere to keep it
   */
  file(path: string): Promise<AttachedDisk>
}
