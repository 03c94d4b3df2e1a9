import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  buildTemplate,
  createLogger,
  type EmbeddedResources,
  embeddedFactory,
  Environment,
  type QemuResources,
  qemuFactory,
  type Template,
} from '@see/core'
import { onTestFinished } from 'vitest'
import { tinyGuest } from './tiny-guest.ts'

/** A folder with templates of its own and resources files of the tiny guest. */
export class TemplateFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'see-template-'))

  constructor() {
    // Each guest runs as a user of its own.
    chmodSync(this.path, 0o755)
    process.env['SEE_TEMPLATES'] = join(this.path, 'templates')
  }

  /** A folder in which there is the template "tiny", of the resources file that `resources` writes there. */
  static async withTiny(
    resources: (folder: TemplateFolder) => string,
    progress: (message: string, folder: TemplateFolder) => void = ignore,
  ): Promise<TemplateFolder> {
    const folder = new TemplateFolder()
    try {
      const { signal } = new AbortController()
      await folder.build('tiny', resources(folder), signal, (message) => progress(message, folder))
      return folder
    } catch (error) {
      folder[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    delete process.env['SEE_TEMPLATES']
    rmSync(this.path, { recursive: true })
  }

  /** Writes a resources file; `changes` are keys of it, and of its machine. */
  resources(changes: Record<string, unknown> = {}, machine: Record<string, unknown> = {}): string {
    const guest = tinyGuest()
    const file = JSON.parse(readFileSync(join(guest, 'embedded.json'), 'utf8'))
    delete file.$schema
    for (const key of ['kernel', 'initrd']) file.machine[key] = join(guest, file.machine[key])
    file.disk.image = join(guest, file.disk.image)
    Object.assign(file.machine, machine)
    const path = join(this.path, `resources-${crypto.randomUUID()}.json`)
    writeFileSync(path, JSON.stringify({ ...file, ...changes }))
    return path
  }

  /** The same of a guest through libvirt, whose domain XML is changed by `edit`. */
  libvirtResources(changes: Record<string, unknown> = {}, edit = (xml: string) => xml): string {
    const guest = tinyGuest()
    const { $schema: _ours, ...file } = JSON.parse(readFileSync(join(guest, 'resources.json'), 'utf8'))
    const name = crypto.randomUUID()
    writeFileSync(join(this.path, `${name}.xml`), edit(readFileSync(join(guest, 'domain.xml'), 'utf8')))
    const path = join(this.path, `resources-${name}.json`)
    const own = { domain: { configuration: `${name}.xml` }, disk: { image: join(guest, file.disk.image) } }
    writeFileSync(path, JSON.stringify({ ...file, ...own, ...changes }))
    return path
  }

  async build(
    name: string,
    resources: string,
    signal: AbortSignal = new AbortController().signal,
    progress: (message: string) => void = ignore,
  ): Promise<Template> {
    return await buildTemplate(resources, name, {
      signal,
      progress,
      logger: createLogger('silent'),
      timeoutMs: 60_000,
    })
  }

  /** Puts another file in the place of a template's disk, as who builds one of the same name does. */
  replaceDisk(template: Template): void {
    const disk = template.path('disk')
    const other = join(this.path, 'other.qcow2')
    copyFileSync(disk, other)
    const { uid, gid } = statSync(disk)
    chownSync(other, uid, gid)
    renameSync(other, disk)
  }

  /** An environment that is a clone, deallocated when the test ends. */
  async clone(resources: string): Promise<Environment<EmbeddedResources>> {
    const environment = await Environment.allocate(embeddedFactory(resources))
    onTestFinished(() => environment.deallocate(), 60_000)
    return environment
  }

  /** The same through libvirt. */
  async libvirtClone(resources: string): Promise<Environment<QemuResources>> {
    const environment = await Environment.allocate(qemuFactory(resources))
    onTestFinished(() => environment.deallocate(), 60_000)
    return environment
  }
}

function ignore(): void {}
