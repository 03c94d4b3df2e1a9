/** Every code a {@link QemuError} can carry, with what it means. */
export const qemuErrorCodes = {
  AGENT_CLOSED: 'the channel to the guest agent closed',
  AGENT_PROTOCOL: 'the guest agent sent what no agent should send',
  AGENT_TIMEOUT: 'the guest agent did not answer in time',
  QEMU_ENDED: 'QEMU ended, or was killed',
  QEMU_JAIL: 'this host does not let QEMU have namespaces of its own',
  QEMU_START: 'QEMU could not be started',
  QMP_CLOSED: 'the connection to the monitor closed',
  QMP_PROTOCOL: 'the monitor sent what no monitor should send',
  QMP_REFUSED: 'the monitor refused a command',
  QMP_TIMEOUT: 'the monitor did not answer in time',
} as const

export type QemuErrorCode = keyof typeof qemuErrorCodes

/** What goes wrong with QEMU, its monitor or its guest agent; `code` is stable. */
export class QemuError extends Error {
  override readonly name: string = 'QemuError'
  readonly code: QemuErrorCode

  constructor(code: QemuErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function isQemuError(error: unknown, code?: QemuErrorCode): error is QemuError {
  return error instanceof QemuError && (code === undefined || error.code === code)
}
