import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildTemplate, type ContextFactory, createLogger, embeddedFactory, qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { tinyGuest } from './tiny-guest.ts'

const BUILD_MS = 120_000
const inSilence = () => undefined

/** Clones of one template, which is built once, before the first scenario that is of them starts. */
class Clones {
  readonly #build: (folder: string) => Promise<ContextFactory>
  #built: Promise<void> | undefined
  #factory: ContextFactory | undefined

  constructor(build: (folder: string) => Promise<ContextFactory>) {
    this.#build = build
  }

  readonly factory = (): ContextFactory => {
    if (this.#factory === undefined) throw new Error('the template is built when a scenario starts')
    return this.#factory
  }

  of(scenario: Scenario): Scenario {
    return {
      ...scenario,
      start: async () => {
        this.#built ??= this.#build(templatesFolder()).then((factory) => void (this.#factory = factory))
        await this.#built
        await scenario.start?.()
      },
    }
  }
}

/** Clones of the tiny guest, with QEMU as our own child. */
export const embeddedClones = new Clones(async (within) => {
  const { machine, disk, ...rest } = readJson('embedded.json')
  const resources = {
    ...rest,
    machine: { ...machine, kernel: inGuest(machine.kernel), initrd: inGuest(machine.initrd) },
    disk: { image: inGuest(disk.image) },
  }
  return embeddedFactory(await clonesOf(within, 'embedded', resources))
})

/** Clones of the tiny guest, through libvirt. */
export const libvirtClones = new Clones(async (within) => {
  const { domain, disk, ...rest } = readJson('resources.json')
  const resources = {
    ...rest,
    domain: { configuration: inGuest(domain.configuration) },
    disk: { ...disk, image: inGuest(disk.image) },
  }
  return qemuFactory(await clonesOf(within, 'libvirt', resources))
})

/** With a store of its own. */
function templatesFolder(): string {
  const folder = scratchFolder()
  process.env['SEE_TEMPLATES'] = join(folder, 'templates')
  return folder
}

/** @returns a resources file of the clones */
async function clonesOf(within: string, name: string, resources: object): Promise<string> {
  const file = join(within, `${name}.json`)
  writeFileSync(file, JSON.stringify(resources))
  const { signal } = new AbortController()
  const options = { signal, logger: createLogger(), timeoutMs: BUILD_MS, progress: inSilence }
  await buildTemplate(file, name, options)
  const cloned = join(within, `${name}-clone.json`)
  writeFileSync(cloned, JSON.stringify({ ...resources, template: name }))
  return cloned
}

const inGuest = (name: string) => join(tinyGuest(), name)

function readJson(name: string) {
  return JSON.parse(readFileSync(inGuest(name), 'utf8'))
}
