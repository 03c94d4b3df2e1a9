/** How QEMU ended. */
export interface QemuEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}
