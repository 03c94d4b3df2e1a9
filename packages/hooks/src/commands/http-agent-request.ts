import { basename } from 'node:path'
import type { CommandRequest } from './command-request.ts'

const MAX_NAME = 100

/**
 * What makes the agent right on Linux. It splits a command at its spaces, and there its shell runs the first word alone,
 * with the others as parameters: this first word runs those. Given as a whole to a shell, it does nothing.
 */
const ALL_WORDS = 'test\t$#\t-eq\t0\t||\teval\t"$*" ; '

export type GuestSystem = 'windows' | 'posix'

/** The path and query by which the agent is asked: `/?command=…&sample=…&async=…`. */
export function agentPath(
  { command = '{sample}', sample, inBackground }: Pick<CommandRequest, 'command' | 'sample' | 'inBackground'>,
  system: GuestSystem,
): string {
  const line = system === 'posix' ? `${ALL_WORDS}${command}` : command
  const query = new URLSearchParams({
    command: sample === undefined ? line : asTemplate(line),
    ...(sample === undefined ? {} : { sample: sampleName(sample) }),
    async: inBackground ? '1' : '0',
  })
  return `/?${query.toString()}`
}

/** With a sample the agent fills the command in by Python's rules, where all braces but those of `{sample}` count double. */
function asTemplate(command: string): string {
  return command
    .split('{sample}')
    .map((part) => part.replaceAll('{', '{{').replaceAll('}', '}}'))
    .join('{sample}')
}

/** The agent quotes nothing, so that the name must be one word of any shell. Its end is kept: it has the extension. */
function sampleName(sample: string): string {
  return basename(sample)
    .replaceAll(/[^\w.-]/g, '_')
    .slice(-MAX_NAME)
}
