import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildTemplate, type ContextFactory, createLogger, embeddedFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { tinyGuest } from './tiny-guest.ts'

const NAME = 'bench'
const BUILD_MS = 120_000
let built: Promise<ContextFactory> | undefined
let factory: ContextFactory | undefined

/** Makes clones of a template of the tiny guest. */
export function cloneFactory(): ContextFactory {
  if (factory === undefined) throw new Error('the template is built when a scenario starts')
  return factory
}

/** Has the template built, once, before the scenario starts. */
export function ofClones(scenario: Scenario): Scenario {
  return {
    ...scenario,
    async start() {
      built ??= build()
      factory = await built
      await scenario.start?.()
    },
  }
}

const inSilence = () => undefined

/** In a store of its own, which is gone when the process is. */
async function build(): Promise<ContextFactory> {
  const folder = mkdtempSync(join(tmpdir(), 'see-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  process.env['SEE_TEMPLATES'] = join(folder, 'templates')
  const { machine, disk, ...rest } = JSON.parse(readFileSync(join(tinyGuest(), 'embedded.json'), 'utf8'))
  // Copies: libvirt changes the owner of what a guest runs on, which a template takes for a change of the thing itself.
  const copied = (name: string) => {
    copyFileSync(join(tinyGuest(), name), join(folder, name))
    return join(folder, name)
  }
  const resources = {
    ...rest,
    machine: { ...machine, kernel: copied(machine.kernel), initrd: copied(machine.initrd) },
    disk: { image: copied(disk.image) },
  }
  const file = join(folder, 'resources.json')
  writeFileSync(file, JSON.stringify(resources))
  const { signal } = new AbortController()
  await buildTemplate(file, NAME, {
    signal,
    logger: createLogger(),
    timeoutMs: BUILD_MS,
    progress: inSilence,
  })
  return embeddedFactory({ ...resources, template: NAME })
}
