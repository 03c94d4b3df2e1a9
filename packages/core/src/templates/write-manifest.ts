import { chmod, chown, open } from 'node:fs/promises'
import { join } from 'node:path'
import { factsOf } from './file-facts.ts'
import { TEMPLATE_VERSION, type TemplateManifest } from './manifest.ts'
import { templateFiles } from './template-files.ts'

type ManifestContent = Pick<
  TemplateManifest,
  'name' | 'resources' | 'machine' | 'identity' | 'card' | 'boot_ms' | 'at_rest' | 'inputs'
>

/**
 * Closes the files of a template to writers, remembers what they are, and writes that down beside them.
 * @param group whose members read them; undefined when only we ourselves do
 */
export async function writeManifest(
  folder: string,
  told: ManifestContent,
  group: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const [memory, state, disk, overlay] = (['memory', 'state', 'disk', 'overlay'] as const).map((part) =>
    join(folder, templateFiles[part]),
  )
  // QEMU opens the memory for writing even where it only reads it: a file that was written to is refused later on.
  await finish(memory ?? '', group === undefined ? 0o600 : 0o660, group)
  await finish(state ?? '', group === undefined ? 0o400 : 0o440, group)
  await finish(disk ?? '', group === undefined ? 0o400 : 0o440, group)
  await finish(overlay ?? '', group === undefined ? 0o400 : 0o440, group)
  const manifest: TemplateManifest = {
    version: TEMPLATE_VERSION,
    created: new Date().toISOString(),
    ...told,
    memory: await factsOf(memory ?? '', signal),
    state: await factsOf(state ?? '', signal),
    disk: await factsOf(disk ?? '', signal),
    overlay: await factsOf(overlay ?? '', signal),
  }
  await using file = await open(join(folder, 'manifest.json'), 'wx', 0o444)
  await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`)
  await file.sync()
}

/** On the disk before it has its name, so that a crash of the host leaves no template that is half there. */
async function finish(path: string, mode: number, group: number | undefined): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
  if (group !== undefined) await chown(path, 0, group)
  await chmod(path, mode)
}
