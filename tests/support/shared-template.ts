import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildTemplate, createLogger, TemplateStore } from '@see/core'
import { inject, vi } from 'vitest'
import { tinyGuest } from './tiny-guest.ts'

const BUILD_MS = 120_000
/** The resources file of the tiny guest that is frozen, for each template. */
const FILES = { embedded: 'embedded.json', libvirt: 'resources.json' } as const

/**
 * Has the tiny guest of a provider frozen, under this name; the first file of a run that asks has it built for all.
 * From now on templates are those of the run.
 */
export async function sharedTemplate(name: keyof typeof FILES): Promise<void> {
  const runFolder = inject('runFolder')
  process.env['SEE_TEMPLATES'] = join(runFolder, 'templates')
  const claim = join(runFolder, `building-${name}`)
  if (!isFirst(claim)) {
    await vi.waitFor(() => new TemplateStore().open(name), { timeout: BUILD_MS, interval: 100 })
    return
  }
  const { signal } = new AbortController()
  const options = { signal, logger: createLogger('silent'), timeoutMs: BUILD_MS, progress: () => undefined }
  try {
    await buildTemplate(join(tinyGuest(), FILES[name]), name, options)
  } catch (error) {
    // Somebody else may have more luck.
    rmSync(claim, { recursive: true })
    throw error
  }
}

function isFirst(claim: string): boolean {
  try {
    mkdirSync(claim)
    return true
  } catch {
    return false
  }
}
