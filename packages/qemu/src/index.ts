export { AgentSocket } from './agent-socket.ts'
export { parseBoundedJson } from './bounded-json.ts'
export { childEnvironment } from './child-environment.ts'
export { connectSocket, LONGEST_SOCKET_PATH } from './connect-socket.ts'
export type { CallOptions } from './deadline.ts'
export { type QemuJail, systemForQemu } from './jail.ts'
export {
  launchCommand,
  type LaunchOptions,
  launchPrograms,
  type QemuLimits,
  type QemuUser,
} from './launch-command.ts'
export { isQemuError, QemuError, type QemuErrorCode, qemuErrorCodes } from './qemu-error.ts'
export type { QemuEnd } from './qemu-end.ts'
export { type QemuOptions, QemuProcess } from './qemu-process.ts'
export { QmpClient } from './qmp-client.ts'
export type { QmpEvent } from './qmp-message.ts'
