import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedGuest } from '../embedded-guest.ts'
import { writeTinyGuestResources } from '../tiny-guest.ts'
import type { TinyContainer } from '../tiny-container.ts'

/** What is done to a sandbox: its whole life, that of a warm pool of two, or a template that is built of it. */
type Life = 'environment' | 'pool' | 'template'

/** One row of the matrix. */
export interface Scenario {
  readonly name: string
  readonly provider: 'embedded' | 'qemu' | 'lxc'
  readonly life: Life
  /** Path of the resources file. */
  readonly resources: string
  /** The resources file of the template that it is a clone of. */
  readonly template?: string
}

/** The name of the template that clones are made of. */
export const TEMPLATE = 'proof'

/** Writes the resources files of every scenario into a folder. */
export function writeScenarios(folder: string, container: TinyContainer): readonly Scenario[] {
  const write = (name: string, content: object): string => {
    const path = join(folder, `${name}.json`)
    writeFileSync(path, JSON.stringify(content))
    return path
  }
  const cold = { hypervisor: 'embedded:///', ...embeddedGuest() }
  const embedded = write('embedded', cold)
  const shared = writeTinyGuestResources(folder)
  const through = JSON.parse(readFileSync(shared, 'utf8'))
  const embeddedClone = write('embedded-clone', { ...cold, template: TEMPLATE })
  const libvirtClone = write('libvirt-clone', { ...through, template: TEMPLATE })
  const own = write('own', { ...through, network: { sharing: 'own' } })
  const lxc = write('lxc', container.resources())
  return [
    { name: 'embedded', provider: 'embedded', life: 'environment', resources: embedded },
    {
      name: 'embedded clone',
      provider: 'embedded',
      life: 'environment',
      resources: embeddedClone,
      template: embedded,
    },
    { name: 'warm pool', provider: 'embedded', life: 'pool', resources: embeddedClone, template: embedded },
    { name: 'template', provider: 'embedded', life: 'template', resources: embedded },
    { name: 'libvirt, shared network', provider: 'qemu', life: 'environment', resources: shared },
    { name: 'libvirt, own network', provider: 'qemu', life: 'environment', resources: own },
    {
      name: 'libvirt clone',
      provider: 'qemu',
      life: 'environment',
      resources: libvirtClone,
      template: shared,
    },
    { name: 'template through libvirt', provider: 'qemu', life: 'template', resources: shared },
    { name: 'LXC', provider: 'lxc', life: 'environment', resources: lxc },
  ]
}

/** Lives through a scenario. Events beside the ledger are published to the same channel. */
export const LIFE_PROGRAM = `
import { channel } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildTemplate, createLogger, embeddedFactory, Environment, lxcFactory, qemuFactory, WarmPool } from '@see/core'
const { provider, life, resources, name } = JSON.parse(process.argv[1])
const steps = channel('see:step')
const step = (what) => steps.publish({ identifier: 'none', step: 'life', what })
const logger = createLogger('silent')
const { signal } = new AbortController()
const factory = { embedded: embeddedFactory, qemu: qemuFactory, lxc: lxcFactory }[provider]
if (life === 'template') {
  await buildTemplate(resources, name, { signal, logger, timeoutMs: 60000, progress: step })
} else if (life === 'pool') {
  const pool = await WarmPool.create(factory(resources), { size: 2, logger })
  step('the pool is full')
  const environment = await pool.allocate()
  await environment.context.poweron()
  step('a sandbox of the pool runs')
  await environment.deallocate()
  await pool.close()
} else {
  const environment = await Environment.allocate(factory(resources), [], { logger })
  try {
    step('allocated')
    for (const ms of [20, 100, 250]) setTimeout(() => step('powering on for ' + ms + ' ms'), ms).unref()
    await environment.context.poweron()
    step('powered on')
    await sleep(300)
    await environment.context.poweroff()
    step('powered off')
  } finally {
    await environment.deallocate()
  }
}
`
