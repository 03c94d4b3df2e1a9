import { defaultHookBounds, environmentBoundsMs, transitionTimeoutsMs } from '@see/core/bounds'
import { CASE_WAITS, caseBoundsMs } from '@see/runner/bounds'
import { inWords } from './duration.ts'
import { table } from './table.ts'

const BEGIN = '<!-- bounds: made from docs/generate/bounds-table.ts by `npm run docs` -->'
const END = '<!-- end of bounds -->'

/** docs/reliability.md with its table of bounds. */
export function reliabilityPage(text: string): string {
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) {
    throw new Error(`docs/reliability.md lacks ${BEGIN} or ${END}`)
  }
  return `${before}${BEGIN}\n\n${boundsTable()}\n\n${END}${after}`
}

const environment = environmentBoundsMs
const hook = defaultHookBounds
const transitions = Object.values<number>(transitionTimeoutsMs)

/** Each: what waits, how long, where that is set, and what happens then. */
const rows: readonly (readonly [string, string, string, string])[] = [
  [
    'a run',
    `${inWords(caseBoundsMs.besides)}, its runtime, ${CASE_WAITS} times \`--timeout\`, \`--shutdown-timeout\``,
    '`--deadline`, `deadlineMs` of `runCase`',
    '`deadline_reached` is fired, everything is cleaned up, exit code 4 (`DEADLINE_REACHED`)',
  ],
  [
    'an environment, from its allocation on',
    inWords(environment.deadline),
    '`deadlineMs` of `Environment.allocate`; null for no bound',
    'the same; `context.signal` aborts with `DEADLINE_REACHED`',
  ],
  [
    'handlers of `deadline_reached`',
    inWords(environment.deadlineEvent),
    '',
    'the end does not wait for them',
  ],
  [
    'JavaScript of a hook or protocol without a return to the event loop, in `npx see run`',
    inWords(caseBoundsMs.loop),
    '`--loop-timeout`, `loopTimeoutMs` of `Watchdog`',
    'it is broken off, the run is cleaned up and reported, exit code 3 (`EVENT_LOOP_BLOCKED`)',
  ],
  ['the loading of hooks and protocols', 'the deadline', '', 'as above'],
  [
    'the set-up of a hook',
    inWords(hook.setupTimeoutMs),
    '`setup_timeout` of the hook, `setupTimeoutMs`',
    '`HOOK_TIMEOUT` fails the allocation; an optional hook is left out',
  ],
  [
    'each run of a synchronous handler',
    inWords(hook.eachHandlerTimeoutMs),
    '`handler_timeout` of the hook, `eachHandlerTimeoutMs`',
    '`HOOK_TIMEOUT` is put on record, and the next handler runs',
  ],
  [
    'a protocol',
    'the deadline of its run',
    '',
    `it has ${inWords(caseBoundsMs.lateProtocolGrace)}, and is left behind`,
  ],
  ['a protocol after Ctrl-C', inWords(caseBoundsMs.protocolGrace), '', 'it is left behind'],
  [
    'all handlers and transitions once the environment ends',
    inWords(environment.handlers),
    '`handlersTimeoutMs`',
    '`HANDLERS_TIMEOUT`, and the hooks are cleaned up',
  ],
  [
    'the clean-up of a hook',
    inWords(hook.cleanupTimeoutMs),
    '`cleanup_timeout` of the hook, `cleanupTimeoutMs`',
    '`RELEASE_TIMEOUT`, and the next one is cleaned up',
  ],
  [
    `all of that in a hurry: at the deadline, ${inWords(caseBoundsMs.patience)} after a signal, after a loop`,
    `${inWords(environment.hurriedHandlers)} for handlers and set-ups, ${inWords(environment.hurriedCleanUps)} for clean-ups; ` +
      `each at most ${inWords(environment.hurriedEach)}, and at least ${inWords(environment.hurriedEachAtLeast)}`,
    '`hurry` of `Environment.allocate`',
    '`RELEASE_TIMEOUT`, and the next one is cleaned up',
  ],
  ['the release of the sandbox', inWords(environment.sandbox), '', '`RELEASE_TIMEOUT`'],
  [
    'the provider’s end of an allocation that was aborted',
    inWords(environment.undo),
    '',
    'it is left behind; what it makes later is released',
  ],
  [
    'each transition',
    `${inWords(Math.min(...transitions))} to ${inWords(Math.max(...transitions))}: [each](developer-manual.md#waits)`,
    '`timeoutMs` of each',
    '`TRANSITION_TIMEOUT`',
  ],
  [
    'each state and method of a domain',
    '[half a minute to ten](developer-manual.md#waits)',
    '`timeoutMs` of each',
    '`HYPERVISOR_TIMEOUT`',
  ],
]

function boundsTable(): string {
  return table(['what', 'may take', 'where it is set', 'what happens then'], rows)
}
