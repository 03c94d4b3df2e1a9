import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guestSubnetAt } from '../../../common/guest-subnet.ts'
import type { DiskImage } from '../../../disks/disk-image.ts'
import { embeddedSchema } from '../configuration/configuration.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { type GuestHardware, qemuArguments } from './qemu-arguments.ts'

const MAC = '52:54:00:01:02:03'
const identifier = '11111111-2222-4333-8444-555555555555'

/** A run folder at a path, of which nothing is made. */
function folderAt(path: string): RunFolder {
  return { path, user: undefined, of: (name) => `${path}/${name}`, give: async () => undefined }
}

interface Given {
  readonly machine?: object
  readonly network?: object
  readonly path?: string
  readonly hardware?: Partial<GuestHardware>
}

function argumentsOf({ machine = {}, network = {}, path = '/run', hardware = {} }: Given = {}): string[] {
  const configuration = embeddedSchema.parse({ machine, network })
  return qemuArguments({
    identifier,
    folder: folderAt(path),
    machine: configuration.machine,
    network: configuration.network,
    subnet: guestSubnetAt('10.200.3.0/24'),
    macAddress: MAC,
    disk: undefined,
    ...hardware,
  })
}

/** The values of an option, in their order. */
const valuesOf = (argv: readonly string[], option: string) =>
  argv.filter((_, index) => argv[index - 1] === option)

/** What QEMU reads of a value: options between single commas, of which two stand for one that belongs to a value. */
function optionsIn(value: string): Record<string, string> {
  const pairs = value.match(/(?:[^,]|,,)+/g) ?? []
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...rest] = pair.split('=')
      return [name, rest.join('=').replaceAll(',,', ',')]
    }),
  )
}

const image = (path: string, backing?: DiskImage): DiskImage => ({
  path,
  format: 'qcow2',
  identity: '1:1',
  backing,
})

describe('a guest of which nothing is said', () => {
  const argv = argumentsOf({ hardware: { macAddress: undefined }, network: { mode: 'none' } })

  test('is paused, has no devices of QEMU’s own choice, and reads no configuration of the user', () => {
    expect(argv.slice(0, 5)).toEqual(['-name', identifier, '-nodefaults', '-no-user-config', '-S'])
    expect(argv).not.toContain('-incoming')
    expect(argv).not.toContain('-vnc')
  })

  test('has neither a disk nor a network, not even one without an interface', () => {
    expect(argv).not.toContain('-blockdev')
    expect(argv).not.toContain('-netdev')
    expect(argv.join(' ')).not.toContain('virtio-net')
  })

  test('boots by its firmware', () => {
    for (const option of ['-kernel', '-initrd', '-append']) expect(argv).not.toContain(option)
  })

  test('has three free slots, and its ports in the order that a frozen guest knows', () => {
    expect(valuesOf(argv, '-device')).toEqual([
      'VGA,vgamem_mb=8',
      'pcie-root-port,id=port1,chassis=1,slot=1',
      'pcie-root-port,id=port2,chassis=2,slot=2',
      'pcie-root-port,id=port3,chassis=3,slot=3',
      'virtio-serial-pci',
      'virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
      'virtserialport,chardev=identity,name=org.see.identity.0',
      'isa-serial,chardev=console',
      'virtio-rng-pci,rng=rng0',
      'vmgenid,guid=auto',
      'pvpanic',
    ])
  })
})

test('every option has a value, and no value is empty', () => {
  const argv = argumentsOf({ hardware: { disk: { backing: image('/a') } }, network: { mode: 'user' } })
  const withoutValue = ['-nodefaults', '-no-user-config', '-S']
  const rest = argv.filter((word) => !withoutValue.includes(word))
  expect(rest.filter((_, index) => index % 2 === 0).every((word) => /^-[a-z]+$/.test(word))).toBe(true)
  expect(rest.filter((_, index) => index % 2 === 1).every((word) => word !== '')).toBe(true)
})

test('what the resources file says of the machine stands there word for word', () => {
  const machine = {
    kernel: '/a, b/kernel',
    initrd: '/a, b/initrd',
    cmdline: 'console=ttyS0,115200 "quoted value" -S\nsecond=line',
    memory: 1_048_576,
    cpus: 64,
    cpu: 'host,migratable=off,+avx',
    machine: 'q35',
    accelerator: 'kvm',
    vnc: true,
  }
  const argv = argumentsOf({ machine })
  expect(valuesOf(argv, '-kernel')).toEqual([machine.kernel])
  expect(valuesOf(argv, '-initrd')).toEqual([machine.initrd])
  expect(valuesOf(argv, '-append')).toEqual([machine.cmdline])
  expect(valuesOf(argv, '-m')).toEqual(['1048576M'])
  expect(valuesOf(argv, '-smp')).toEqual(['64'])
  expect(valuesOf(argv, '-cpu')).toEqual([machine.cpu])
  expect(valuesOf(argv, '-machine')).toEqual(['q35,usb=off'])
  expect(valuesOf(argv, '-accel')).toEqual(['kvm'])
  expect(valuesOf(argv, '-vnc')).toEqual(['unix:/run/screen'])
})

test('emulation keeps little of what it translated', () => {
  expect(valuesOf(argumentsOf({ machine: { accelerator: 'tcg' } }), '-accel')).toEqual(['tcg,tb-size=64'])
})

describe('paths with what QEMU takes for its own', () => {
  const paths = fc
    .array(fc.constantFrom(',', ',,', '=', ' ', '\n', '"', "'", '\\', '%', ':', 'ü', 'a', 'server=on'), {
      minLength: 1,
      maxLength: 8,
    })
    .map((parts) => `/${parts.join('')}`)

  test('lead every socket and the memory to where they are', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const argv = argumentsOf({
          path,
          network: { allow: [{ name: 'a', port: 80 }] },
          hardware: { memory: { path: `${path}/memory`, isClone: false } },
        })
        const sockets = valuesOf(argv, '-chardev').map((each) => optionsIn(each)['path'])
        expect(sockets).toEqual(['monitor', 'agent', 'identity', 'console'].map((name) => `${path}/${name}`))
        const streams = valuesOf(argv, '-netdev').map((each) => optionsIn(each)['addr.path'])
        expect(streams.slice(0, 2)).toEqual([`${path}/card`, `${path}/beyond`])
        const [memory = ''] = valuesOf(argv, '-object')
        expect(optionsIn(memory)).toMatchObject({ 'mem-path': `${path}/memory`, share: 'on' })
      }),
    )
  })
})

const nodeOf = (backing: DiskImage | undefined, path = '/run') => {
  const argv = argumentsOf({ path, hardware: { disk: { backing } } })
  expect(valuesOf(argv, '-device')).toContain('virtio-blk-pci,drive=disk0')
  const [node = ''] = valuesOf(argv, '-blockdev')
  const parsed: unknown = JSON.parse(node)
  return parsed
}
const file = (filename: string) => ({ driver: 'file', filename })

describe('the disk', () => {
  test('ends where its chain ends, whatever a header says', () => {
    expect(nodeOf(undefined)).toEqual({
      'node-name': 'disk0',
      driver: 'qcow2',
      file: file('/run/disk.qcow2'),
      backing: null,
    })
    expect(nodeOf(image('/a', image('/b')))).toMatchObject({
      backing: { driver: 'qcow2', file: file('/a'), backing: { file: file('/b'), backing: null } },
    })
    expect(nodeOf({ ...image('/a'), format: 'raw' })).toMatchObject({
      backing: { driver: 'raw', file: file('/a') },
    })
  })

  test('is found by any path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (path, base) => {
        expect(nodeOf(image(base), path)).toMatchObject({
          file: file(`${path}/disk.qcow2`),
          backing: { file: file(base) },
        })
      }),
    )
  })
})

const netdevsOf = (network: object, hardware: Partial<GuestHardware> = {}) =>
  valuesOf(argumentsOf({ network, hardware }), '-netdev')

describe('the network', () => {
  const memory = { path: '/m', isClone: true }
  const user = 'ipv6=off,restrict=on,net=10.200.3.0/24,host=10.200.3.2,dns=10.200.3.3,dhcpstart=10.200.3.15'

  test('is QEMU’s own, without IPv6, and leads nowhere unless the mode says so', () => {
    expect(netdevsOf({})).toEqual([`user,id=net0,${user}`])
    expect(netdevsOf({ mode: 'user' })).toEqual([
      `user,id=net0,${user.replace('restrict=on', 'restrict=off')}`,
    ])
  })

  test('lends a clone the address behind that of its template', () => {
    expect(netdevsOf({}, { hasLent: true, memory })).toEqual([
      `user,id=net0,${user.replace('dhcpstart=10.200.3.15', 'dhcpstart=10.200.3.14')}`,
    ])
  })

  test('has its forwards on the loopback device alone, at either end of the range of ports', () => {
    const forward = [
      { host_port: 1, guest_port: 65_535 },
      { host_port: 65_535, guest_port: 1 },
    ]
    expect(netdevsOf({ forward })).toEqual([
      `user,id=net0,${user},hostfwd=tcp:127.0.0.1:1-10.200.3.15:65535,hostfwd=tcp:127.0.0.1:65535-10.200.3.15:1`,
    ])
    // The guest's own address, not the first that is lent to it.
    expect(netdevsOf({ forward }, { hasLent: true })[0]).toContain('hostfwd=tcp:127.0.0.1:1-10.200.3.15:')
  })

  test('comes here where something is allowed, with QEMU’s own behind it', () => {
    const forward = [{ host_port: 1, guest_port: 2 }]
    const netdevs = netdevsOf({ allow: [{ to: '[::1]:80', port: 80 }], forward })
    expect(netdevs).toEqual([
      'stream,id=net0,server=on,addr.type=unix,addr.path=/run/card',
      'stream,id=beyond,server=on,addr.type=unix,addr.path=/run/beyond',
      `user,id=own,${user},hostfwd=tcp:127.0.0.1:1-10.200.3.15:2`,
      'hubport,id=hub-beyond,hubid=0,netdev=beyond',
      'hubport,id=hub-own,hubid=0,netdev=own',
    ])
    expect(netdevs.join(' ')).not.toContain('::1')
  })

  test('is a sinkhole without QEMU’s own, but for a clone, whose state has one', () => {
    const sunk = 'stream,id=net0,server=on,addr.type=unix,addr.path=/run/card'
    expect(netdevsOf({ mode: 'sinkhole' })).toEqual([sunk])
    expect(netdevsOf({ mode: 'sinkhole' }, { memory: { ...memory, isClone: false } })).toEqual([sunk])
    expect(netdevsOf({ mode: 'sinkhole' }, { memory })).toEqual([sunk, 'user,id=unused,ipv6=off,restrict=on'])
  })

  test.each(['restricted', 'user', 'sinkhole'])('has one card in the mode %s', (mode) => {
    const cards = valuesOf(argumentsOf({ network: { mode } }), '-device').filter((each) =>
      each.startsWith('virtio-net'),
    )
    expect(cards).toEqual([`virtio-net-pci,netdev=net0,mac=${MAC},romfile=,guest_announce=off`])
  })
})

test.each([
  [true, 'off', 1],
  [false, 'on', 0],
])('memory in a file: of a clone %s, it is shared %s', (isClone, share, waits) => {
  const argv = argumentsOf({ machine: { memory: 16 }, hardware: { memory: { path: '/m', isClone } } })
  expect(valuesOf(argv, '-object')).toContain(
    `memory-backend-file,id=memory0,size=16M,mem-path=/m,share=${share}`,
  )
  expect(valuesOf(argv, '-machine')).toEqual(['pc-q35-7.2,usb=off,memory-backend=memory0'])
  expect(valuesOf(argv, '-incoming')).toHaveLength(waits)
  expect(valuesOf(argv, '-m')).toEqual(['16M'])
})
