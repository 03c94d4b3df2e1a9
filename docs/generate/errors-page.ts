import { type ExitCode, exitCodes } from '@see/cli'
import { errorCodes } from '@see/core'
import { GENERATED, table } from './table.ts'

const exits: Readonly<Record<ExitCode, string>> = {
  [exitCodes.done]: 'done; also where the guest powered itself off, or rebooted',
  [exitCodes.usage]: 'bad usage or configuration, or something missing on this host: nothing was run',
  [exitCodes.sandbox]: 'the sandbox failed; also where the guest crashed, or its QEMU was killed or failed',
  [exitCodes.hook]: 'a hook or one of its handlers failed, or evidence could not be written',
  [exitCodes.deadline]: 'the deadline was reached; everything was cleaned up',
  [exitCodes.interrupted]:
    'interrupted by Ctrl-C, SIGTERM, SIGHUP (a terminal that closed) or SIGQUIT; everything was cleaned up',
}

/** Every error and what `see` exits with. */
export function errorsPage(): string {
  const errors = Object.entries(errorCodes).map(([code, { meaning, advice, exit }]) => [
    `\`${code}\``,
    meaning,
    advice,
    String(exitCodes[exit]),
  ])
  return `${GENERATED}

# Every error

Errors of SEE are of the class \`SeeError\`. Their \`code\` is stable; their message says what went wrong, where, and what
to do; \`cause\` has what lies behind it. What went wrong in several places is an \`AggregateError\`, whose \`errors\` has
each. A handler that throws fails nothing: its error is in \`context.failures\`, and \`npx see run\` reports it.

## Codes

The last column is what \`npx see run\` exits with when the error ends the run. One that a handler threw makes it 3.

Packages of hooks may declare [codes of their own](../developer-manual.md#codes-of-your-own), which count by their own exit
class, also where they are the cause of \`HOOK_SETUP\`, \`HOOK_CLEANUP\` or \`UNCAUGHT_ERROR\`.

${table(['code', 'meaning', 'what to do', 'exit'], errors)}

## Exit codes of \`see\`

${table(['exit code', 'meaning'], Object.entries(exits))}

\`npx see check\` exits with 0 when at least one provider is ready, else with 2.

An error outside of every handler, an unhandled rejection and \`process.exit\` in a hook or protocol end the run as an
interruption does: everything is cleaned up and reported, and the exit code is 3. After a second signal nothing more is
cleaned up. A process that was killed outright (\`kill -9\`) reports nothing.

If there are several errors, a deadline counts most, then the sandbox's, and a hook's least. \`SEE_LOG=debug\` shows errors with their stacks and causes.

## Errors of libvirt

What libvirt refuses arrives as a \`LibvirtError\`, mostly as the \`cause\` of a \`SeeError\`. Its \`code\` is libvirt's own
name. Those that one meets:

${table(
  ['code', 'mostly means'],
  [
    [
      '`VIR_ERR_NO_CONNECT`',
      'the daemon has no driver for this hypervisor: install its `libvirt-daemon-driver-…`',
    ],
    ['`VIR_ERR_AUTH_FAILED`', 'you may not use the daemon: be root, or a member of the group `libvirt`'],
    ['`VIR_ERR_XML_ERROR`', 'the XML is well formed, but not a valid domain or network'],
    [
      '`VIR_ERR_CONFIG_UNSUPPORTED`',
      'the XML asks for what this host cannot do: KVM, a machine type, a device',
    ],
    ['`VIR_ERR_INTERNAL_ERROR`', 'QEMU did not start: the message has its last words'],
    [
      '`VIR_ERR_OPERATION_INVALID`',
      'the domain is in another state by now; mostly the guest stopped on its own',
    ],
    ['`VIR_ERR_NO_DOMAIN`', 'something else removed the domain'],
  ],
)}
`
}
