import { type ExecResult, SeeError } from '@see/core'
import type { CommandRecord } from './command-record.ts'
import type { CommandRequest } from './command-request.ts'

/** As the loaders of glibc and musl say it. */
const LACKS_LIBRARY = /(?:loading shared libraries: |Error loading shared library )([\w.+-]{1,100}):/

/**
 * The guest's shell says by 126 or 127, and by what it could not start, that the sample was not run.
 * @throws SeeError `AGENT_COMMAND_FAILED` when it was not
 */
export function assertExecuted(request: CommandRequest, record: CommandRecord, { stderr }: ExecResult): void {
  const { exit_code: exitCode, guest_path: guestPath } = record
  if (request.sample === undefined || (exitCode !== 126 && exitCode !== 127)) return
  const said = stderr.subarray(0, 500).toString()
  const quoted = JSON.stringify(said.trim())
  const library = guestPath !== null && said.includes(guestPath) ? LACKS_LIBRARY.exec(said)?.[1] : undefined
  if (request.command !== undefined && library !== undefined) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `the guest does not have ${library}, which the sample is linked with: ${quoted}; the libraries of this host are brought along, where it has them, for a sample without a command and for a command that begins with {sample}`,
    )
  }
  const program = request.command?.trim().split(/\s/)[0]
  if (program !== undefined && /^[\w./+-]+$/.test(program) && said.includes(`${program}: not found`)) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `the guest has no ${program}, which the command begins with: ${quoted}; choose a guest that has it`,
    )
  }
  if (request.command === undefined && guestPath !== null && said.includes(guestPath)) {
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `the guest cannot execute the sample ${record.sample}: ${quoted}; choose a guest that can, or give a command that opens it`,
    )
  }
}
