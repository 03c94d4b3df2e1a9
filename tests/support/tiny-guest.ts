import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Environment, type QemuResources, qemuFactory } from '@see/core'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

const builder = fileURLToPath(new URL('../../guest/build.sh', import.meta.url))

let built: string | undefined

/** The folder of the tiny guest's images, domain.xml and resources.json; built when it is not there yet. */
export function tinyGuest(): string {
  built ??= execFileSync('bash', [builder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim()
  return built
}

/** A resources file of the tiny guest whose domain XML is changed by `edit`. It is gone when the test ends. */
export function tinyGuestResources(edit: (xml: string) => string = (xml) => xml): string {
  const guest = tinyGuest()
  const folder = temporaryFolder()
  const resources = JSON.parse(readFileSync(join(guest, 'resources.json'), 'utf8'))
  resources.disk.image = join(guest, resources.disk.image)
  writeFileSync(join(folder, 'domain.xml'), edit(readFileSync(join(guest, 'domain.xml'), 'utf8')))
  writeFileSync(join(folder, 'resources.json'), JSON.stringify(resources))
  return join(folder, 'resources.json')
}

/** Adds switches of the tiny guest to its kernel's command line. */
export function withSwitches(...switches: string[]): (xml: string) => string {
  return (xml) => xml.replace('<cmdline>', `<cmdline>${switches.join(' ')} `)
}

/** An environment with the tiny guest, deallocated when the test ends. */
export async function tinyGuestEnvironment(
  edit?: (xml: string) => string,
): Promise<Environment<QemuResources>> {
  const environment = await Environment.allocate(qemuFactory(tinyGuestResources(edit)))
  onTestFinished(() => environment.deallocate(), 60_000)
  return environment
}
