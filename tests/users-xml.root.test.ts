import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, qemuFactory, type QemuResources } from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { leftOf } from './support/leftovers.ts'
import { novaXml, ovirtXml, type UsersGuest, usersGuest, virtInstallXml } from './support/users-xml.ts'

/** Two guests of UEFI boot at the same time on one emulated processor each. */
const GUEST_MS = 240_000
let guest: UsersGuest

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'see-users-'))
  guest = usersGuest(folder)
  return () => rmSync(folder, { recursive: true })
}, 60_000)

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const factsOf = (path: string) => {
  const { uid, gid, mode } = statSync(path)
  return { uid, gid, mode, digest: digestOf(path) }
}

const filesOfUser = (): string[] =>
  readdirSync(guest.folder).filter((name) => !name.startsWith('of-') && name !== 'instances')

async function allocate(xml: string): Promise<Environment<QemuResources>> {
  const file = join(mkdtempSync(join(guest.folder, 'of-')), 'domain.xml')
  writeFileSync(file, xml)
  const environment = await Environment.allocate(
    qemuFactory({
      domain: { configuration: file },
      disk: { image: guest.disk, clone: { storage_pool_path: join(guest.folder, 'instances') } },
      network: {},
    }),
  )
  onTestFinished(() => environment.deallocate(), 60_000)
  return environment
}

test.each([
  ['virt-install’s, with VNC', () => virtInstallXml(guest, 'vnc')],
  ['nova’s', () => novaXml(guest)],
  ['oVirt’s', () => ovirtXml(guest)],
])(
  'two guests of one XML run a whole case each, share nothing and leave nothing: %s',
  {
    timeout: GUEST_MS + 120_000,
  },
  async (_what, xmlOf) => {
    const files = [guest.disk, guest.second, guest.cd]
    const before = files.map(factsOf)
    const xml = xmlOf()
    const inFolder = filesOfUser()
    const environments = [await allocate(xml), await allocate(xml)]
    await Promise.all(
      environments.map(async ({ context, identifier }) => {
        await context.poweron()
        await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
        const uuid = await context.agent.exec(['/bin/cat', '/sys/class/dmi/id/product_uuid'])
        expect(uuid.stdout.toString().trim()).toBe(identifier)
        const script = `echo ${identifier} >/root/mine && echo ${identifier} | dd of=/dev/vdb conv=notrunc && sync`
        expect((await context.agent.exec(['/bin/sh', '-c', script])).exitCode).toBe(0)
      }),
    )
    await Promise.all(
      environments.map(async ({ context, identifier }) => {
        const read = ['/bin/sh', '-c', 'cat /root/mine; head -c 36 /dev/vdb'] as const
        expect((await context.agent.exec(read)).stdout.toString()).toBe(`${identifier}\n${identifier}`)
        expect(await context.waitForIp4Address({ timeoutMs: 60_000 })).toMatch(/^10\.200\./)
      }),
    )
    await Promise.all(environments.map((environment) => environment.deallocate()))
    for (const { identifier } of environments) expect(await leftOf(identifier)).toEqual([])
    expect(files.map(factsOf)).toEqual(before)
    expect(filesOfUser()).toEqual(inFolder)
  },
)
