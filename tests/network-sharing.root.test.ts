import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Environment, lxcFactory, qemuFactory } from '@see/core'
import { recordingLogger } from '@see/core/testing'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { asLibvirtUser } from './support/as-libvirt-user.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

// Which environments share a network by default, and that the log says so.

const tiny = makeTinyContainer()
afterAll(() => tiny[Symbol.dispose]())

type Network = Record<string, unknown>
type Options = NonNullable<Parameters<typeof Environment.allocate>[2]>

const ofContainer = (network: Network) => {
  const factory = lxcFactory(tiny.resources({ network }))
  return (options: Options) => Environment.allocate(factory, undefined, options)
}

const ofMachine = (network: Network) => {
  const configuration = join(tiny.folder, 'machine.xml')
  writeFileSync(
    configuration,
    '<domain type="qemu"><name>x</name><memory unit="MiB">64</memory><os><type arch="x86_64">hvm</type></os><devices><interface type="network"><source network="default"/></interface></devices></domain>',
  )
  const factory = qemuFactory({ domain: { configuration }, network })
  return (options: Options) => Environment.allocate(factory, undefined, options)
}

async function allocate(make: ReturnType<typeof ofContainer | typeof ofMachine>) {
  const { logger, lines } = recordingLogger()
  const environment = await make({ logger })
  onTestFinished(() => environment.deallocate())
  const name = environment.context.network?.name
  const said = lines.filter(({ network }) => network === name).map(({ msg, reason }) => [msg, reason])
  return { name, isOwn: name === environment.identifier, said }
}

const SHARED = [['the guest is on a shared network', undefined]]
const OWN = 'the guest gets a network of its own'

test.each([
  ['a container', ofContainer, {}],
  [
    'a container in a range',
    ofContainer,
    { dynamic_address: { ipv4: '10.222.0.0', prefix: 16, subnet_prefix: 24 } },
  ],
  ['a machine', ofMachine, {}],
  ['a machine on nat', ofMachine, { mode: 'nat' }],
  ['a machine on routed', ofMachine, { mode: 'routed' }],
  ['a machine on isolated', ofMachine, { mode: 'isolated' }],
])('%s shares its network by default', async (_what, guest, network) => {
  const [one, other] = await Promise.all([allocate(guest(network)), allocate(guest(network))])
  expect(one.name).toMatch(/^see-(nat-no-lan|nat|routed|isolated)-[0-9a-f]{8}$/)
  expect(one.said).toEqual(SHARED)
  expect(other.name).toBe(one.name)
  const { isOwn } = await allocate(guest({ ...network, sharing: 'own' }))
  expect(isOwn).toBe(true)
})

const xml = () => {
  const path = join(tiny.folder, 'network.xml')
  writeFileSync(path, '<network><ip address="10.223.1.1" prefix="24"/></network>')
  return path
}

test.each([
  ['it is asked for', () => ({ sharing: 'own' }), /"sharing" says so/],
  ['its XML is given', () => ({ configuration: xml() }), /XML is given/],
  [
    'there is a single subnet',
    () => ({ dynamic_address: { ipv4: '10.223.2.0', prefix: 24, subnet_prefix: 24 } }),
    /a single subnet/,
  ],
  [
    'there is room for a single guest',
    () => ({ dynamic_address: { ipv4: '10.223.4.0', prefix: 22, subnet_prefix: 30 } }),
    /a single guest/,
  ],
] as const)('a guest has a network of its own where %s', async (_what, network, reason) => {
  const { isOwn, said } = await allocate(ofContainer(network()))
  expect(isOwn).toBe(true)
  expect(said).toEqual([[OWN, expect.stringMatching(reason)]])
})

test('a guest has a network of its own where SEE is not root', async () => {
  const container = ofContainer({ mode: 'isolated' })
  const { isOwn, said } = await asLibvirtUser(() => allocate(container))
  expect(isOwn).toBe(true)
  expect(said).toEqual([[OWN, expect.stringMatching(/only root/)]])
})

const PROGRAM = `
import { Environment, lxcFactory } from '@see/core'
for (const times of [1, 2]) {
  const environment = await Environment.allocate(lxcFactory(JSON.parse(process.argv[1])))
  if (environment.context.network.name === environment.identifier) console.log('own')
  await environment.deallocate()
}
`

test('guests have networks of their own where libvirtd is in another network namespace', async () => {
  const argv = ['--net', process.execPath, '--input-type=module', '-e', PROGRAM]
  const resources = JSON.stringify(tiny.resources({ network: { mode: 'isolated' } }))
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const { stdout } = await promisify(execFile)('unshare', [...argv, resources], { cwd })
  expect(stdout).toBe('own\nown\n')
})

test('root without nft has networks of its own in the modes that do without', async () => {
  const resources = JSON.stringify(tiny.resources({ network: { mode: 'isolated' } }))
  const script = 'mount --bind /dev/null /usr/sbin/nft; exec "$@"'
  const argv = ['--mount', 'sh', '-c', script, 'sh', process.execPath, '--input-type=module', '-e', PROGRAM]
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const { stdout } = await promisify(execFile)('unshare', [...argv, resources], { cwd })
  expect(stdout).toBe('own\nown\n')
})

// It reads all rules there are, and starts again whenever some are changed meanwhile: several would block each other.
test('nft does not run twice at a time for guests with networks of their own', async () => {
  const programs = join(tiny.folder, 'programs')
  mkdirSync(programs)
  const [running, used, twice] = ['running', 'used', 'twice'].map((name) => join(programs, name))
  const script = `#!/bin/sh\ntouch ${used}\nmkdir ${running} || touch ${twice}\nsleep 0.3\n/usr/sbin/nft "$@"\ncode=$?\nrmdir ${running}\nexit $code\n`
  writeFileSync(join(programs, 'nft'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const all = await Promise.all([1, 2, 3].map(() => ofContainer({ sharing: 'own' })({})))
  await Promise.all(all.map((environment) => environment.deallocate()))
  expect([used, twice].map((path) => existsSync(path ?? ''))).toEqual([true, false])
})
