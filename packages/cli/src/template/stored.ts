import { printableJson, printableLine, SeeError, type Template, TemplateStore } from '@see/core'
import { errorText } from '../terminal/error-text.ts'
import { Interruption } from '@see/runner/interruption'
import { reportedError } from '@see/runner/reported-error'

const MIB = 1024 * 1024

/** What `see template ls` prints. */
export async function list(json: boolean): Promise<string> {
  const store = new TemplateStore()
  const names = await store.list()
  if (json) return `${printableJson({ folder: store.root, templates: names }, 2)}\n`
  return names.length === 0
    ? `There is no template in ${printableLine(store.root)}/\n`
    : `${names.join('\n')}\n`
}

/** What `see template info` prints, and whether the template is as it was built. */
export async function info(
  name: string,
  { verify, json }: { readonly verify: boolean; readonly json: boolean },
): Promise<{ readonly text: string; readonly usable: boolean }> {
  using interruption = new Interruption(() => undefined)
  const template = await new TemplateStore().open(name)
  const problem = await problemOf(template, verify, interruption.signal)
  const { folder, manifest } = template
  const usable = problem === undefined
  if (json) {
    const error = usable ? null : reportedError(problem)
    return { usable, text: `${printableJson({ ok: usable, folder, manifest, error }, 2)}\n` }
  }
  return {
    usable,
    text: `${[...linesOf(template), usable ? 'Ready to be cloned' : errorText(problem)].join('\n')}\n`,
  }
}

/** Carries out `see template rm`. */
export async function remove(name: string): Promise<void> {
  using interruption = new Interruption(() => undefined)
  await new TemplateStore().remove(name, interruption.signal)
}

async function problemOf(
  template: Template,
  verify: boolean,
  signal: AbortSignal,
): Promise<SeeError | undefined> {
  try {
    await (verify ? template.verify(signal) : template.assertUnchanged())
    return undefined
  } catch (error) {
    if (error instanceof SeeError) return error
    throw error
  }
}

function linesOf({ folder, manifest }: Template): string[] {
  const { name, created, machine, identity, inputs, disk, state } = manifest
  return [
    `Template ${name}, built ${created}, in ${folder}/`,
    `  on ${machine.machine} with ${machine.cpu} by ${machine.accelerator}, QEMU ${machine.qemu_version}`,
    `  ${machine.libvirt_version === null ? 'for embedded:///' : `through libvirt ${machine.libvirt_version}`}`,
    `  memory ${machine.memory_mib} MiB, disk ${inMib(disk.bytes)}, state ${inMib(state.bytes)}`,
    `  clones ${identity ? 'each get their own identity' : 'are all one machine: "identity" is false'}`,
    ...inputs.map(({ path }) => `  from ${path}`),
  ].map(printableLine)
}

function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
