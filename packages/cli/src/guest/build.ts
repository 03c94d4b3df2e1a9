import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildTemplate, GuestStore, printableJson, printableLine, SeeError, TemplateStore } from '@see/core'
import { Interruption } from '@see/runner/interruption'
import { guestFiles } from '@see/core/guest-files'
import { type GuestOptions, guestResources, runGuestBuilder } from '@see/runner'
import { createProgress } from '../terminal/create-progress.ts'
import { createRunLog } from '../terminal/run-log.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { writeClonesFile } from './clones-file.ts'
import { reportedGuest } from './stored.ts'

/** In a clone of SEE, which is what has it. */
const BUILDER = fileURLToPath(new URL('../../../../guest/with-packages.sh', import.meta.url))

interface BuildOptions {
  readonly packages: readonly string[]
  readonly name: string
  /** Size of the disk, in MiB; undefined for what the packages need, and some more. */
  readonly sizeMib: number | undefined
  /** The name of a template to make of it. */
  readonly template: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
}

/** Carries out `see guest build`. */
export async function build(options: BuildOptions, terminal: Terminal): Promise<void> {
  const { name, template, timeoutMs, json } = options
  const progress = await createProgress(terminal.error)
  using interruption = new Interruption(progress.note)
  const { signal } = interruption
  try {
    const store = new GuestStore()
    const before = await keyOf(store, name)
    await buildGuest(options, { signal, progress: progress.step })
    const guest = await store.open(name)
    if (before !== undefined && before !== guest.key) await store.tidy(before, signal)
    const resources = guestResources(guest.folder, 'embedded')
    if (template !== undefined && !(await isTemplateOf(template, resources))) {
      const logger = createRunLog(progress)
      await buildTemplate(resources, template, { signal, timeoutMs, logger, progress: progress.step })
    }
    const clones = template === undefined ? null : await writeClonesFile(resources, template)
    progress.end(true)
    const paths = Object.values(guestFiles).map((file) => join(guest.folder, file))
    const lines = [
      `Guest ${name} in ${guest.folder}/`,
      `  with ${guest.manifest.packages.length} packages on a disk of ${guest.manifest.disk_mib} MiB`,
      `  resources files: ${paths.join(', ')}`,
      `  to run a sample in it: npx see run --guest ${name} -- SAMPLE`,
      ...(clones === null ? [] : [`  in a clone of template ${template}: npx see run ${clones} SAMPLE`]),
    ]
    terminal.out.write(
      json
        ? `${printableJson({ ok: true, ...(await reportedGuest(guest)), template: template ?? null, clones }, 2)}\n`
        : `${lines.map(printableLine).join('\n')}\n`,
    )
  } catch (error) {
    progress.end(false)
    throw signal.aborted ? signal.reason : error
  }
}

async function buildGuest({ packages, name, sizeMib }: BuildOptions, options: GuestOptions): Promise<void> {
  const words = [name, String(sizeMib ?? 'auto'), ...packages]
  await runGuestBuilder({ script: BUILDER, words, what: 'the guest' }, options)
}

async function keyOf(store: GuestStore, name: string): Promise<string | undefined> {
  try {
    return (await store.open(name)).key
  } catch (error) {
    if (error instanceof SeeError && error.code === 'GUEST_MISSING') return undefined
    throw error
  }
}

/** Whether a template was made from a resources file as it is. */
async function isTemplateOf(name: string, resources: string): Promise<boolean> {
  const store = new TemplateStore()
  if (!(await store.list()).includes(name)) return false
  const template = await store.open(name)
  if (template.manifest.resources !== resources) return false
  return await template.assertUnchanged().then(
    () => true,
    () => false,
  )
}
