/** A partition, in sectors of 512 bytes. */
export interface Partition {
  readonly start: number
  readonly sectors: number
  /** Its type: of an MBR a byte such as `0x83`, of a GPT a GUID. */
  readonly type: string
}
