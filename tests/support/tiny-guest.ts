import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Environment, type QemuResources, qemuFactory } from '@see/core'
import { inject, onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

const builder = fileURLToPath(new URL('../../guest/build.sh', import.meta.url))

/** The folder of the tiny guest's images, domain.xml and resources.json; built when it is not there yet. */
export function tinyGuest(): string {
  // To look whether it is there takes the builder seconds: once for a run.
  const known = join(inject('runFolder'), 'tiny-guest')
  if (!existsSync(known)) {
    const built = execFileSync('bash', [builder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    linkUnlessThere(built.trim(), known)
  }
  return readlinkSync(known)
}

/** Two files of a run may have asked at the same time. */
function linkUnlessThere(target: string, path: string): void {
  try {
    symlinkSync(target, path)
  } catch (error) {
    if (!existsSync(path)) throw error
  }
}

type Edit = (xml: string) => string
/** Keys of the resources file to change. */
type Changes = Readonly<Record<string, unknown>>

/** A resources file of the tiny guest whose domain XML is changed by `edit`. It is gone when the test ends. */
export function tinyGuestResources(edit?: Edit, changes?: Changes): string {
  return writeTinyGuestResources(temporaryFolder(), edit, changes)
}

/** The same in a folder of the caller's. */
export function writeTinyGuestResources(
  folder: string,
  edit: Edit = (xml) => xml,
  changes: Changes = {},
): string {
  const guest = tinyGuest()
  const resources = JSON.parse(readFileSync(join(guest, 'resources.json'), 'utf8'))
  resources.disk.image = join(guest, resources.disk.image)
  writeFileSync(join(folder, 'domain.xml'), edit(readFileSync(join(guest, 'domain.xml'), 'utf8')))
  writeFileSync(join(folder, 'resources.json'), JSON.stringify({ ...resources, ...changes }))
  return join(folder, 'resources.json')
}

/** Adds switches of the tiny guest to its kernel's command line. */
export function withSwitches(...switches: string[]): Edit {
  return (xml) => xml.replace('<cmdline>', `<cmdline>${switches.join(' ')} `)
}

/** Beside what the tiny guest has: a device that reports a crash, and permission to suspend itself. */
export function withAllDevices(xml: string): string {
  const devices = '<panic model="isa"/></devices>'
  return xml
    .replace('</devices>', devices)
    .replace('<devices>', '<pm><suspend-to-mem enabled="yes"/></pm><devices>')
}

/** An environment with the tiny guest, deallocated when the test ends. */
export async function tinyGuestEnvironment(
  edit?: Edit,
  changes?: Changes,
): Promise<Environment<QemuResources>> {
  const environment = await Environment.allocate(qemuFactory(tinyGuestResources(edit, changes)))
  onTestFinished(() => environment.deallocate(), 60_000)
  return environment
}
