/** Every code a {@link SeeError} can carry, with what it means. */
export const errorCodes = {
  ADDRESS_TIMEOUT: 'the guest got no address in time',
  AGENT_CHANNEL: 'the guest agent sent what no agent should send, or its channel broke',
  AGENT_COMMAND_DISABLED: 'the guest agent does not know a command, or was configured not to carry it out',
  AGENT_COMMAND_FAILED: 'the guest agent refused a command',
  AGENT_UNAVAILABLE: 'the sandbox has no guest agent channel',
  AGENT_UNRESPONSIVE: 'the guest agent did not answer in time',
  CHECKPOINT_FAILED: 'the disk of the guest could not be written to a file',
  CONFIGURATION_INVALID: 'a configuration file or object does not fit its schema',
  CONFINEMENT_FAILED: 'a command cannot be confined on this host',
  CONTEXT_CLOSED: 'the context was used after its environment was deallocated',
  DISK_FULL: 'the disk of this host has no room for an image',
  DOMAIN_XML_INVALID: 'the domain XML cannot be read, or the provider refused it',
  EVENT_LIMIT: 'events are fired inside handlers of events without end, or too many wait to be fired',
  EVENT_RESERVED_ATTRIBUTE: 'an event attribute has a reserved name',
  EVIDENCE_UNSUPPORTED: 'evidence is not of a kind that an analysis can read',
  FILE_UNREADABLE: 'a file named by the user is missing or cannot be read',
  FILE_UNTRUSTED: 'a file that decides what SEE does can be changed by another user',
  GUEST_EXEC_TIMEOUT: 'a program in the guest ran longer than its timeout and was killed, where it can be',
  GUEST_IN_USE: 'sandboxes run on a guest that was built, or a template was made of it',
  GUEST_MISSING: 'there is no guest of the name',
  GUEST_NOT_PAUSED: 'something was to be done that needs a paused guest',
  GUEST_OUTPUT_LIMIT: 'a guest file is larger than the caller allows',
  GUEST_STOPPED: 'the guest stopped running while something waited for it',
  GUEST_UNPREPARED: 'what SEE needs could not be installed in a guest',
  HANDLERS_TIMEOUT: 'handlers were still running when their environment was deallocated',
  HOOK_CLEANUP: 'a hook threw while it was cleaned up',
  HOOK_LOAD: 'a hook module or its export cannot be loaded',
  HOOK_SETUP: 'a hook threw while it was set up',
  HOOK_ORDER: 'a hook was asked for something before, or after, it can be done',
  HYPERVISOR_FAILED: 'QEMU could not be started, or refused what it was asked',
  HYPERVISOR_UNREACHABLE: 'the hypervisor daemon cannot be reached',
  IDENTIFIER_INVALID: 'the environment identifier is not a UUID',
  IDENTIFIER_TAKEN: 'something of another environment has the identifier',
  IMAGE_CHECKSUM: 'a fetched image is not what its checksum says',
  IMAGE_INVALID: 'the disk image is missing, unreadable or not a disk image',
  IMAGE_REFUSED: 'the header of a disk image names a file or an address that it must not name',
  IMAGE_UNAVAILABLE: 'an image provider cannot get at the image',
  MEMORY_SNAPSHOT_FAILED: 'the memory of the guest could not be written to a file',
  NETWORK_EXHAUSTED: 'no subnet of the configured range is free',
  NETWORK_INVALID: 'the network configuration contradicts itself, or the provider refused it',
  POOL_CLOSED: 'a warm pool was used after it was closed',
  POOL_TIMEOUT: 'a sandbox of a warm pool was not ready in time',
  PROCESS_EXIT: 'a hook or protocol called process.exit during a run',
  RELEASE_TIMEOUT: 'releasing a resource took longer than allowed',
  RESULTS_LOST: 'evidence could not be written during the run: the disk is full, or the folder is gone',
  RESULTS_UNWRITABLE: 'the results folder cannot be written',
  SAMPLE_INJECTION: 'the sample could not be brought into the guest',
  SAMPLE_UNSUITABLE: 'the sample is of a kind that the guest cannot run or open, or is too large',
  SHUTDOWN_TIMEOUT: 'the guest did not shut down in time',
  STORAGE_FAILED: 'the storage for the sandbox could not be made',
  TEMPLATE_BUILD: 'a template could not be built',
  TEMPLATE_IDENTITY: 'the guest cannot be made a machine of its own after it is cloned',
  TEMPLATE_IN_USE: 'sandboxes run that are clones of the template',
  TEMPLATE_INVALID: 'a template is damaged, or does not fit this host, QEMU or resources file',
  TEMPLATE_MISSING: 'there is no template of the name',
  TOOL_FAILED: 'a program that a hook runs on this host failed, was killed, or exceeded its bounds',
  TOOL_MISSING: 'a program that is run on this host is not installed',
  TRANSITION_FORBIDDEN: 'the transition is not allowed in the present state',
  UNCAUGHT_ERROR: 'an error was thrown outside of every handler, or a rejection was not handled',
} as const

export type SeeErrorCode = keyof typeof errorCodes

/** A message is for people: what is longer quotes something at length. */
const MESSAGE_CHARACTERS = 4000

/** An error that says what went wrong, where, and what to do; `code` is stable. */
export class SeeError extends Error {
  override readonly name: string = 'SeeError'
  readonly code: SeeErrorCode

  constructor(code: SeeErrorCode, message: string, options?: ErrorOptions) {
    super(message.length > MESSAGE_CHARACTERS ? `${message.slice(0, MESSAGE_CHARACTERS)}…` : message, options)
    this.code = code
  }
}

/** The message of anything thrown, even of what throws when it is printed. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'something that cannot be printed'
  }
}
