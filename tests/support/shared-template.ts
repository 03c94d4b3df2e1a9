import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildTemplate, createLogger, TemplateStore } from '@see/core'
import { inject, vi } from 'vitest'
import { embeddedGuest } from './embedded-guest.ts'
import { withAllDevices, writeTinyGuestResources } from './tiny-guest.ts'

const BUILD_MS = 120_000

/** What the guest of each template is made of; files of it are written into a folder. */
const guests = {
  embedded: () => ({ hypervisor: 'embedded:///', ...embeddedGuest() }),
  libvirt: (folder: string) =>
    JSON.parse(readFileSync(writeTinyGuestResources(folder, withAllDevices), 'utf8')),
} satisfies Record<string, (folder: string) => object>

/**
 * Has the tiny guest of a provider frozen, under this name; the first file of a run that asks has it built for all.
 * From now on templates are those of the run.
 * @returns the resources file of its clones
 */
export async function sharedTemplate(name: keyof typeof guests): Promise<string> {
  const runFolder = inject('runFolder')
  process.env['SEE_TEMPLATES'] = join(runFolder, 'templates')
  const folder = join(runFolder, name)
  const clones = join(folder, 'clones.json')
  if (!isFirst(folder)) {
    await vi.waitFor(() => new TemplateStore().open(name), { timeout: BUILD_MS, interval: 100 })
    return clones
  }
  const { signal } = new AbortController()
  const options = { signal, logger: createLogger('silent'), timeoutMs: BUILD_MS, progress: () => undefined }
  try {
    const guest: object = guests[name](folder)
    const resources = join(folder, 'resources.json')
    writeFileSync(resources, JSON.stringify(guest))
    writeFileSync(clones, JSON.stringify({ ...guest, template: name }))
    await buildTemplate(resources, name, options)
    return clones
  } catch (error) {
    // Another process may have more luck.
    rmSync(folder, { recursive: true })
    throw error
  }
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}
