import { Configuration, hookName, type HooksSource, z } from '@see/core'
import type { CaseInputs } from './case-options.ts'

const TIMELINE = { name: '@see/hooks#TimelineHook' }
const COMMANDS = { name: '@see/hooks#CommandsHook' }
const READINESS = { name: '@see/hooks#ReadinessHook' }
const ISOLATION = { name: '@see/hooks#IsolationHook' }
const SCREEN = {
  name: '@see/hooks#ScreenHook',
  configuration: { screenshot_on_event: 'snapshots_capture' },
  // A container has no screen.
  optional: true,
}
const CONSOLE = {
  name: '@see/hooks#ConsoleHook',
  // Not every provider can open one.
  optional: true,
}

const named = z.object({ hooks: z.array(z.object({ name: z.string() })) })
/** The reference's files may be wrapped once more. */
const names = z.union([named, z.object({ hooks: named }).transform(({ hooks }) => hooks)])

/**
 * The hooks of a run: the file's, with the timeline and what records readiness and isolation before them and what runs commands after them if the file does not
 * name those; without a file, the stock ones. What runs commands needs an agent in the guest, and is left out where
 * there is nothing to run. Their results go to `folder`, if the file does not say where.
 */
export function stockHooks(options: CaseInputs, folder: string): HooksSource[] {
  const { hooks: file, sample, command, protocol } = options
  const configuration = { results_folder: folder }
  const runs = sample !== undefined || command !== undefined
  if (file === undefined) {
    // What a protocol of the user's own may run is not known beforehand.
    const own = protocol === undefined ? [] : [{ ...COMMANDS, optional: true }]
    return [
      {
        configuration,
        hooks: [TIMELINE, READINESS, ISOLATION, SCREEN, CONSOLE, ...(runs ? [COMMANDS] : own)],
      },
    ]
  }
  const has = namesIn(file)
  return [
    { configuration, hooks: [TIMELINE, READINESS, ISOLATION].filter(({ name }) => !has.has(name)) },
    file,
    { hooks: runs && !has.has(COMMANDS.name) ? [COMMANDS] : [] },
  ]
}

/** A file that is not as it should be is reported when its hooks are loaded. */
function namesIn(file: string): Set<string> {
  const parsed = names.safeParse(Configuration.load(file).value)
  return new Set(parsed.success ? parsed.data.hooks.map(({ name }) => hookName(name)) : [])
}
