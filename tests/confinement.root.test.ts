import { once } from 'node:events'
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { embeddedFactory, Environment, qemuFactory, TemplateStore } from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { root } from './support/documents.ts'
import { inPlaceOf } from './support/in-place-of.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUESTS_MS = 180_000

/** A clone that runs: its QEMU, its disk, and a busybox that its QEMU can execute. */
interface Confined {
  readonly pid: number
  readonly disk: string
  readonly busybox: string
}

/** QEMU's root file system has nothing to run. */
function busyboxIn(folder: string): string {
  const busybox = join(folder, 'busybox')
  copyFileSync('/bin/busybox', busybox)
  chmodSync(busybox, 0o755)
  return busybox
}

const providers = {
  embedded: async (): Promise<Confined> => {
    const environment = await Environment.allocate(embeddedFactory(await sharedTemplate('embedded')))
    onTestFinished(() => environment.deallocate(), 60_000)
    const { context } = environment
    await context.poweron()
    const { path } = context.storagePool
    return { pid: context.domain.qemu.pid, disk: join(path, 'disk.qcow2'), busybox: busyboxIn(path) }
  },
  libvirt: async (): Promise<Confined> => {
    const environment = await Environment.allocate(qemuFactory(await sharedTemplate('libvirt')))
    onTestFinished(() => environment.deallocate(), 60_000)
    const { context, identifier } = environment
    await context.poweron()
    const pid = Number(readFileSync(`/run/libvirt/qemu/${identifier}.pid`, 'utf8'))
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    const [, disk] = new RegExp(`"filename":"([^"]*${identifier}[^"]*)"`).exec(words) ?? []
    if (disk === undefined) expect.fail('no disk')
    return { pid, disk, busybox: busyboxIn(dirname(disk)) }
  },
}

type Provider = keyof typeof providers

/** All that QEMU finds in its environment. */
const environments: Record<Provider, string> = {
  embedded: 'GLIBC_TUNABLES=glibc.malloc.hugetlb=1\0',
  libvirt: 'LC_ALL=C\0PWD=/\0',
}

/** What each provider's QEMU could do; filled by the tests, read by the last. */
const seen = new Map<Provider, Record<string, 'yes' | 'no'>>()
let port = 0

beforeAll(async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return () => void server.close()
})

test.each(['embedded', 'libvirt'] as const)(
  'what a program in the place of QEMU can do: %s',
  { timeout: GUESTS_MS },
  async (provider) => {
    const [own, other] = await Promise.all([providers[provider](), providers[provider]()])
    const marker = join(temporaryFolder(), 'marker')
    writeFileSync(marker, 'seen')
    chmodSync(join(marker, '..'), 0o755)
    const memory = (await new TemplateStore().open(provider)).path('memory')
    const attempts: Readonly<Record<string, string>> = {
      'read its own disk': `head -c 1 ${own.disk}`,
      'read the disk of another guest': `head -c 1 ${other.disk}`,
      'write to the memory of its template': `: >>${memory}`,
      'read files that only root may read': `cat /etc/shadow || ls /root`,
      'read files that all users may read': `cat /etc/passwd`,
      'read `/tmp` of the host': `cat ${marker}`,
      'connect to ports of the host at 127.0.0.1': `nc -w 2 127.0.0.1 ${port}`,
      'see a network interface but its own loopback': `[ $(ip -o link | wc -l) -gt 1 ]`,
      'open the sockets of libvirt': `[ -w /run/libvirt/libvirt-sock ]`,
      'see processes of the host': `[ -e /proc/${process.pid} ] || kill -0 ${process.pid}`,
      'open the host’s disks': `[ $(cat /dev/vd? /dev/sd? /dev/nvme?n? | head -c 1 | wc -c) = 1 ]`,
    }
    const can: Record<string, 'yes' | 'no'> = {}
    for (const [what, attempt] of Object.entries(attempts)) {
      const script = `if { ${attempt}; } </dev/null >/dev/null 2>&1; then echo yes; else echo no; fi`
      can[what] = (await inPlaceOf(own.pid, own.busybox, script)).trim() === 'yes' ? 'yes' : 'no'
    }
    // Else the script itself would be what fails.
    expect(can['read its own disk']).toBe('yes')
    seen.set(provider, can)
    expect(readFileSync(`/proc/${own.pid}/environ`, 'utf8')).toBe(environments[provider])
  },
)

test('docs/confinement.md has what was seen', () => {
  const { embedded = {}, libvirt = {} } = Object.fromEntries(seen)
  const rows = Object.keys(embedded).map((what) => `| ${what} | ${embedded[what]} | ${libvirt[what]} |`)
  const text = readFileSync(join(root, 'docs', 'confinement.md'), 'utf8')
  const table = text.split('\n').filter((line) => / \| (yes|no) \| (yes|no) \|$/.test(line))
  expect(table).toEqual(rows)
})
