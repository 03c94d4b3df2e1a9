import { printableJson, printableLine } from '@see/core/printable'
import {
  type EnvironmentState,
  listEnvironments,
  type ListedEnvironment,
  problemText,
} from '@see/core/reaper'
import { reportedError } from '@see/runner/reported-error'
import { Interruption } from '@see/runner/interruption'
import type { Terminal } from '../terminal/terminal.ts'

const STATES: Readonly<Record<EnvironmentState, string>> = {
  alive: 'alive',
  left: 'left over',
  elsewhere: 'of another host',
  unknown: 'not readable',
}

/** Carries out `see list`. */
export async function list(json: boolean, terminal: Terminal): Promise<void> {
  using interruption = new Interruption((message) => void terminal.error.write(`see: ${message}\n`))
  const { environments, problems } = await listEnvironments({ signal: interruption.signal })
  if (json) {
    const document = {
      environments: environments.map(reportedEnvironment),
      problems: problems.map(({ what, error }) => ({ what, error: reportedError(error) })),
    }
    terminal.out.write(`${printableJson(document, 2)}\n`)
    return
  }
  for (const problem of problems) {
    terminal.error.write(`see: not asked: ${printableLine(problemText(problem))}\n`)
  }
  const lines = environments.length === 0 ? ['Nothing of an environment is on this host'] : []
  lines.push(...environments.flatMap(linesOf))
  terminal.out.write(`${lines.map(printableLine).join('\n')}\n`)
}

function reportedEnvironment(environment: ListedEnvironment) {
  const { identifier, state, owner, providers, holds, isRecorded, problem } = environment
  const { pid = null, host = null, boot = null } = owner ?? {}
  return {
    identifier,
    state,
    providers,
    owner: owner === undefined ? null : { pid, host, boot },
    since: since(environment),
    recorded: isRecorded,
    holds: holds.map(({ kind, what }) => ({ kind, what })),
    problem: problem ?? null,
  }
}

function linesOf(environment: ListedEnvironment): string[] {
  const { identifier, state, owner, providers, holds, problem } = environment
  const facts = [
    STATES[state],
    providers.join(', '),
    owner === undefined ? '' : `process ${owner.pid}`,
    environment.sinceMs === undefined ? '' : `since ${since(environment)}`,
  ]
  return [
    `${identifier}: ${facts.filter((each) => each !== '').join('; ')}`,
    ...holds.map(({ what }) => `  ${what}`),
    ...(problem === undefined ? [] : [`  ${problem}`]),
  ]
}

function since({ sinceMs }: ListedEnvironment): string | null {
  return sinceMs === undefined ? null : new Date(sinceMs).toISOString()
}
