export { defaultProtocol, exitCodeOf, exitCodes } from '@see/runner'
export type { ExitCode, Protocol, ProtocolParameters, RunReport } from '@see/runner'
export { seeProgram } from './program.ts'
