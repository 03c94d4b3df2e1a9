import { SeeError, type SeeErrorCode } from '@see/core'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Interrupted } from './interrupted.ts'

const { usage, sandbox, hook } = exitCodes

const byCode: Record<SeeErrorCode, ExitCode> = {
  ADDRESS_TIMEOUT: sandbox,
  AGENT_CHANNEL: sandbox,
  AGENT_COMMAND_DISABLED: sandbox,
  AGENT_COMMAND_FAILED: sandbox,
  AGENT_UNAVAILABLE: sandbox,
  AGENT_UNRESPONSIVE: sandbox,
  CHECKPOINT_FAILED: sandbox,
  CONFIGURATION_INVALID: usage,
  CONFINEMENT_FAILED: usage,
  CONTEXT_CLOSED: sandbox,
  DISK_FULL: usage,
  DOMAIN_XML_INVALID: usage,
  EVENT_LIMIT: hook,
  EVENT_RESERVED_ATTRIBUTE: sandbox,
  EVIDENCE_UNSUPPORTED: hook,
  FILE_UNREADABLE: usage,
  FILE_UNTRUSTED: usage,
  GUEST_EXEC_TIMEOUT: sandbox,
  GUEST_IN_USE: usage,
  GUEST_MISSING: usage,
  GUEST_NOT_PAUSED: hook,
  GUEST_OUTPUT_LIMIT: sandbox,
  GUEST_STOPPED: sandbox,
  GUEST_UNPREPARED: sandbox,
  HANDLERS_TIMEOUT: hook,
  HOOK_CLEANUP: hook,
  HOOK_LOAD: usage,
  HOOK_SETUP: usage,
  HOOK_ORDER: hook,
  HYPERVISOR_FAILED: sandbox,
  HYPERVISOR_UNREACHABLE: usage,
  IDENTIFIER_INVALID: usage,
  IDENTIFIER_TAKEN: usage,
  IMAGE_CHECKSUM: usage,
  IMAGE_INVALID: usage,
  IMAGE_REFUSED: usage,
  IMAGE_UNAVAILABLE: usage,
  MEMORY_SNAPSHOT_FAILED: sandbox,
  NETWORK_EXHAUSTED: usage,
  NETWORK_INVALID: usage,
  POOL_CLOSED: sandbox,
  POOL_TIMEOUT: sandbox,
  PROCESS_EXIT: hook,
  RELEASE_TIMEOUT: sandbox,
  RESULTS_LOST: hook,
  RESULTS_UNWRITABLE: usage,
  SAMPLE_INJECTION: sandbox,
  SAMPLE_UNSUITABLE: usage,
  SHUTDOWN_TIMEOUT: sandbox,
  STORAGE_FAILED: sandbox,
  TEMPLATE_BUILD: sandbox,
  TEMPLATE_IDENTITY: sandbox,
  TEMPLATE_IN_USE: usage,
  TEMPLATE_INVALID: usage,
  TEMPLATE_MISSING: usage,
  TOOL_FAILED: hook,
  TOOL_MISSING: usage,
  TRANSITION_FORBIDDEN: sandbox,
  UNCAUGHT_ERROR: hook,
}

/** The exit code for what was thrown; of several errors, the sandbox's counts most and a hook's least. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return exitCodes.interrupted
  if (error instanceof AggregateError) {
    const codes = error.errors.map(exitCodeOf)
    return [sandbox, usage, hook].find((code) => codes.includes(code)) ?? sandbox
  }
  return error instanceof SeeError ? byCode[error.code] : sandbox
}
