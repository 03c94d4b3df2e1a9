import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedResources, embeddedFactory, Environment, type EnvironmentOptions } from '@see/core'
import { onTestFinished } from 'vitest'
import { tinyGuest } from './tiny-guest.ts'

export type EmbeddedConfiguration = Exclude<Parameters<typeof embeddedFactory>[0], string>

/** The tiny guest as a child of ours; `overrides` replace parts of its configuration, `switches` are the kernel's. */
export function embeddedGuest(
  { machine = {}, disk = {}, ...overrides }: Omit<EmbeddedConfiguration, 'disk'> & { disk?: object } = {},
  ...switches: string[]
): EmbeddedConfiguration {
  const folder = tinyGuest()
  const { machine: own } = JSON.parse(readFileSync(join(folder, 'embedded.json'), 'utf8'))
  const cmdline = [own.cmdline, ...switches].join(' ')
  const [kernel, initrd] = [join(folder, own.kernel), join(folder, own.initrd)]
  return {
    machine: { ...own, kernel, initrd, cmdline, ...machine },
    disk: { image: join(folder, 'disk.qcow2'), ...disk },
    ...overrides,
  }
}

/** An environment of it, deallocated when the test ends. */
export async function embeddedEnvironment(
  configuration: EmbeddedConfiguration = embeddedGuest(),
  hooks?: Parameters<typeof Environment.allocate>[1],
  options?: EnvironmentOptions,
): Promise<Environment<EmbeddedResources>> {
  const environment = await Environment.allocate(embeddedFactory(configuration), hooks, options)
  onTestFinished(() => environment.deallocate(), 60_000)
  return environment
}
