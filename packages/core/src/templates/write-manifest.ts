import { chmod, chown, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { factsOf } from './file-facts.ts'
import { TEMPLATE_VERSION, templateFiles, type TemplateManifest } from './manifest.ts'

/** Nobody is in it. Where root starts QEMU, each runs as a user of its own, and all of them are in this group. */
export const TEMPLATE_GROUP = 1_900_000_000

type Told = Pick<TemplateManifest, 'name' | 'resources' | 'machine' | 'identity' | 'inputs'>

/** Closes the files of a template to writers, remembers what they are, and writes that down beside them. */
export async function writeManifest(folder: string, told: Told, signal: AbortSignal): Promise<void> {
  const [memory, state, disk, overlay] = (['memory', 'state', 'disk', 'overlay'] as const).map((part) =>
    join(folder, templateFiles[part]),
  )
  // QEMU opens the memory for writing even where it only reads it: a file that was written to is refused later on.
  await finish(memory ?? '', 0o660, 0o600)
  await finish(state ?? '', 0o440, 0o400)
  await finish(disk ?? '', 0o440, 0o400)
  await finish(overlay ?? '', 0o440, 0o400)
  const manifest: TemplateManifest = {
    version: TEMPLATE_VERSION,
    created: new Date().toISOString(),
    ...told,
    memory: await factsOf(memory ?? '', signal),
    state: await factsOf(state ?? '', signal),
    disk: await factsOf(disk ?? '', signal),
    overlay: await factsOf(overlay ?? '', signal),
  }
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`, {
    mode: 0o444,
  })
}

/** On the disk before it has its name, so that a crash of the host leaves no template that is half there. */
async function finish(path: string, sharedMode: number, ownMode: number): Promise<void> {
  const shared = process.getuid?.() === 0
  await using file = await open(path, 'r+')
  await file.sync()
  if (shared) await chown(path, 0, TEMPLATE_GROUP)
  await chmod(path, shared ? sharedMode : ownMode)
}
