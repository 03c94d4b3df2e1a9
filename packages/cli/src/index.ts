export { type ExitCode, exitCodeOf, exitCodes } from './exit-code.ts'
export { defaultProtocol } from './run/default-protocol.ts'
export type { Protocol, ProtocolParameters } from './run/protocol.ts'
export type { RunReport } from './run/run-report.ts'
