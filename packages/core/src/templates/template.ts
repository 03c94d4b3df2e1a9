import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, type SeeError } from '../common/errors.ts'
import type { TemplateMachine, TemplateManifest } from './manifest.ts'
import { templateError } from './template-error.ts'
import { templateFiles } from './template-files.ts'

/** What is said of a part of the machine that differs. */
const words = {
  provider: 'the provider',
  libvirt_version: "libvirt's version",
  qemu_version: "QEMU's version",
  machine: 'the machine type',
  accelerator: 'the accelerator',
  cpu: "the processor's model",
  host_cpu: "this host's processor",
  memory_mib: 'the size of the memory in MiB',
  devices_sha256: 'the list of devices',
} as const satisfies Record<keyof TemplateMachine, string>

const aspects = Object.keys(words).filter((key): key is keyof TemplateMachine => key in words)

/** A clone that hangs is reported after this, or after several times what its template took to boot. */
const SHORTEST_BOUND_MS = 60_000
const BOOTS = 4

/** Length of a value in a message. */
const EXCERPT_CHARACTERS = 80

/** A frozen guest: what each clone begins as. */
export class Template {
  readonly folder: string
  readonly manifest: TemplateManifest

  constructor(folder: string, manifest: TemplateManifest) {
    this.folder = folder
    this.manifest = manifest
  }

  get name(): string {
    return this.manifest.name
  }

  /** Bound of each wait for something that a clone does. */
  get timeoutMs(): number {
    return Math.max(SHORTEST_BOUND_MS, BOOTS * this.manifest.boot_ms)
  }

  path(part: keyof typeof templateFiles): string {
    return join(this.folder, templateFiles[part])
  }

  /**
   * Looks at every file of it, and at what it was made from, without reading them: a few system calls.
   * @throws SeeError `TEMPLATE_INVALID` when anything was changed since it was built
   */
  async assertUnchanged(): Promise<void> {
    const { changeOf, contentChangeOf } = await import('./file-facts.ts')
    const { memory, disk, state, overlay, inputs } = this.manifest
    const files = [
      { path: this.path('memory'), ...memory },
      { path: this.path('disk'), ...disk },
      { path: this.path('state'), ...state },
      { path: this.path('overlay'), ...overlay },
    ]
    const changes = await Promise.all([
      ...files.map((file) => changeOf(file.path, file)),
      // Which libvirt gives to the user of whatever guest runs on them, and takes back.
      ...inputs.map((file) => contentChangeOf(file.path, file)),
    ])
    const change = changes.find((each) => each !== undefined)
    if (change !== undefined) throw this.#invalid(`${change} since it was built`)
  }

  /**
   * The same of its disk alone.
   * @throws SeeError `TEMPLATE_INVALID`
   */
  async assertDiskUnchanged(): Promise<void> {
    const { changeOf } = await import('./file-facts.ts')
    const change = await changeOf(this.path('disk'), this.manifest.disk)
    if (change !== undefined) throw this.#invalid(`${change} since it was built`)
  }

  /**
   * @param machine what is known of it
   * @throws SeeError `TEMPLATE_INVALID` when it cannot take the template over
   */
  assertFits(machine: Partial<TemplateMachine>): void {
    const { machine: own } = this.manifest
    const differing = aspects.find((key) => machine[key] !== undefined && machine[key] !== own[key])
    if (differing === undefined) return
    const [was, is] = excerptsOf(String(own[differing]), String(machine[differing]))
    throw this.#invalid(`${words[differing]} was ${was} when it was built, and is ${is} now`)
  }

  /** The devices' state, which is small. @throws SeeError `TEMPLATE_INVALID` */
  async readState(signal: AbortSignal): Promise<Buffer> {
    return await this.#read('state', signal)
  }

  /**
   * An empty overlay of the disk; undefined when the template was moved, since it names the disk.
   * @throws SeeError `TEMPLATE_INVALID`
   */
  async readOverlay(): Promise<Buffer | undefined> {
    const overlay = await this.#read('overlay')
    return backingPathOf(overlay) === this.path('disk') ? overlay : undefined
  }

  /**
   * Reads everything, and what it was made from.
   * @throws SeeError `TEMPLATE_INVALID` when a checksum is another
   */
  async verify(signal: AbortSignal): Promise<void> {
    await this.assertUnchanged()
    const { memory, disk, state, overlay, inputs } = this.manifest
    const parts = { memory, disk, state, overlay }
    for (const part of ['memory', 'disk', 'state', 'overlay'] as const) {
      await this.#verifyFile(this.path(part), parts[part].sha256, signal)
    }
    for (const { path, sha256 } of inputs) await this.#verifyFile(path, sha256, signal)
  }

  async #read(part: 'state' | 'overlay', signal?: AbortSignal): Promise<Buffer> {
    try {
      return await readFile(this.path(part), { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#invalid(`its ${part} cannot be read: ${messageOf(error)}`, error)
    }
  }

  async #verifyFile(path: string, sha256: string, signal: AbortSignal): Promise<void> {
    const { sha256Of } = await import('./file-facts.ts')
    const found = await sha256Of(path, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      throw this.#invalid(`${path} cannot be read: ${messageOf(error)}`, error)
    })
    if (found !== sha256) throw this.#invalid(`the SHA-256 of ${path} is ${found}, and was ${sha256}`)
  }

  #invalid(why: string, cause?: unknown): SeeError {
    return templateError('TEMPLATE_INVALID', this.name, why, cause)
  }
}

/** What fits into a message of two different texts, with the first difference in it. */
function excerptsOf(one: string, other: string): string[] {
  let common = 0
  while (common < one.length && one[common] === other[common]) common++
  const fits = Math.max(one.length, other.length) <= EXCERPT_CHARACTERS
  const start = fits ? 0 : Math.max(0, common - EXCERPT_CHARACTERS / 2)
  return [one, other].map(
    (text) => `${start === 0 ? '' : '…'}${text.slice(start, start + EXCERPT_CHARACTERS)}`,
  )
}

/** By the header of a qcow2 image. */
function backingPathOf(image: Buffer): string {
  const offset = Number(image.readBigUInt64BE(8))
  return image.subarray(offset, offset + image.readUInt32BE(16)).toString()
}
