import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Template, TemplateStore } from '@see/core'

/** A template as if it had been built under another name, in the store of now, for a test that spoils it. */
export async function copiedTemplate(original: Template, name: string): Promise<Template> {
  const store = new TemplateStore()
  const folder = join(store.root, name)
  mkdirSync(store.root, { recursive: true })
  execFileSync('cp', ['--archive', '--sparse=always', original.folder, folder])
  const [disk, overlay] = [join(folder, 'disk.qcow2'), join(folder, 'overlay.qcow2')]
  execFileSync('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', disk, overlay])
  const { memory, state } = original.manifest
  const sha256 = createHash('sha256').update(readFileSync(overlay)).digest('hex')
  const manifest = {
    ...original.manifest,
    name,
    memory: { ...memory, ...factsOf(join(folder, 'memory')) },
    state: { ...state, ...factsOf(join(folder, 'state')) },
    disk: { ...original.manifest.disk, ...factsOf(disk) },
    overlay: { sha256, ...factsOf(overlay) },
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  return await store.open(name)
}

function factsOf(path: string) {
  const { size, ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  return { bytes: Number(size), inode: `${ino}`, mtime_ns: `${mtimeNs}`, ctime_ns: `${ctimeNs}` }
}
