import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { seeHere, startSee, writeEmbeddedResources } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

// It may have to be built first.
beforeAll(() => void tinyGuest(), 120_000)

const HOOK = `
import { declareError, type ErrorFacts, Hook, SeeError, z } from '@see/core'

declare module '@see/core' {
  interface ErrorCodeMap {
    LICENCE_REFUSED: ErrorFacts
    DEVICE_LOST: ErrorFacts
    FEED_CUT: ErrorFacts
    UNDECLARED: ErrorFacts
  }
}

declareError('LICENCE_REFUSED', { meaning: 'no licence', advice: 'Ask for a licence.', exit: 'usage' })
declareError('DEVICE_LOST', { meaning: 'the device is gone', advice: 'Plug the device in.', exit: 'sandbox' })
declareError('FEED_CUT', { meaning: 'the feed ended', advice: 'Restart the feed.', exit: 'hook' })

type Code = 'LICENCE_REFUSED' | 'DEVICE_LOST' | 'FEED_CUT' | 'UNDECLARED'

const schema = z.object({ code: z.custom<Code>() })

class Throws extends Hook<typeof schema> {
  static override readonly schema = schema
  fail(): void {
    throw new SeeError(this.configuration.code, 'it failed here')
  }
}
export class InSetup extends Throws {
  setup() { this.fail() }
}
export class InHandler extends Throws {
  setup() { this.context.subscribe('go', () => this.fail()) }
}
export class InCleanup extends Throws {
  setup() {}
  override cleanup() { this.fail() }
}
export class InTimer extends Throws {
  setup() { this.context.subscribe('go', () => void setTimeout(() => this.fail(), 10)) }
}
export class InProtocol extends Throws {
  setup() { Object.assign(this.context, { failOfHook: () => this.fail() }) }
}
`

const PROTOCOL = `
import { setTimeout as sleep } from 'node:timers/promises'
export const run = async (context, { signal }) => {
  await context.trigger('go')
  context.failOfHook?.()
  await sleep(200, undefined, { signal })
}
`

type See = (folder: string, argv: readonly string[]) => Promise<Ended>

interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly error: string
}

/** In a process of its own, unlike `seeHere`. */
const seeApart: See = (folder, argv) => startSee(folder, argv).ended

/** A run of an embedded guest that is not powered on, with one hook in the module `text`. */
async function runWith(see: See, hook: string, configuration: object, text = HOOK) {
  const folder = temporaryFolder()
  const resources = writeEmbeddedResources(folder)
  writeFileSync(join(folder, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder, 'hook.ts'), text)
  const hooks = { hooks: [{ name: `./hook.ts#${hook}`, configuration }] }
  writeFileSync(join(folder, 'hooks.json'), JSON.stringify(hooks))
  const argv = ['run', resources, '--hooks', 'hooks.json', '--protocol', './protocol.mjs#run', '--json']
  const { exitCode, out, error } = await see(folder, argv)
  const instances = join(folder, 'instances')
  const left = existsSync(instances)
    ? readdirSync(instances).filter((name) => /^[0-9a-f-]{36}$/.test(name))
    : []
  return { exitCode, error, report: JSON.parse(out) as unknown, left }
}

test.each([
  ['its set-up', 'InSetup', seeApart, 'FEED_CUT', 3, 'HOOK_SETUP', 'Restart the feed.'],
  ['its clean-up', 'InCleanup', seeHere, 'DEVICE_LOST', 2, 'HOOK_CLEANUP', 'Plug the device in.'],
  ['a timer', 'InTimer', seeApart, 'DEVICE_LOST', 2, 'UNCAUGHT_ERROR', 'Plug the device in.'],
  ['the protocol', 'InProtocol', seeHere, 'LICENCE_REFUSED', 1, 'LICENCE_REFUSED', 'Ask for a licence.'],
] as const)(
  'a hook throws a code of its own in %s (%s): see run exits with its class, and prints its advice',
  async (_where, hook, see, code, exitCode, reported, advice) => {
    const ended = await runWith(see, hook, { code })
    expect(ended.exitCode).toBe(exitCode)
    expect(ended.report).toMatchObject({ ok: false, exit_code: exitCode })
    expect(JSON.stringify(ended.report)).toContain(`"code":"${reported}"`)
    expect(ended.error).toContain('it failed here')
    expect(ended.error).toContain(advice)
    expect(ended.left).toEqual([])
  },
)

test.each([
  ['DEVICE_LOST', 2],
  ['LICENCE_REFUSED', 3],
])('a handler throws %s: the run goes on to its end, and see run exits with %i', async (code, exitCode) => {
  const ended = await runWith(seeHere, 'InHandler', { code })
  expect(ended.exitCode).toBe(exitCode)
  const failures = [expect.objectContaining({ event: 'go', message: 'it failed here' })]
  expect(ended.report).toMatchObject({ ok: false, exit_code: exitCode, failures, error: null })
  expect(ended.left).toEqual([])
})

test('a code that is not declared counts as none', async () => {
  const { exitCode, error, report, left } = await runWith(seeApart, 'InProtocol', { code: 'UNDECLARED' })
  expect(exitCode).toBe(2)
  expect(error).toContain('it failed here')
  expect(report).toMatchObject({ exit_code: 2, error: { code: 'UNDECLARED' } })
  expect(left).toEqual([])
})

test('a module that declares a stock code is not loaded, and nothing is run', async () => {
  const text = `
import { declareError, Hook } from '@see/core'
declareError('DISK_FULL', { meaning: 'mine', advice: 'None.', exit: 'hook' })
export class Mine extends Hook { setup() {} }
`
  const { exitCode, error, report } = await runWith(seeHere, 'Mine', {}, text)
  expect(exitCode).toBe(1)
  expect(error).toContain('"DISK_FULL" is a stock error code')
  expect(report).toMatchObject({ exit_code: 1, results_folder: null, error: { code: 'HOOK_LOAD' } })
})
