import { blockNode } from '../../../contract/block-node.ts'
import type { DiskImage } from '../../../disks/disk-image.ts'
import { IDENTITY_PORT } from '../../../templates/identity-port.ts'
import type { GuestMemory } from '../../../templates/template-clone.ts'
import type { EmbeddedConfiguration } from '../configuration/configuration.ts'
import type { Subnet } from '../../../common/guest-subnet.ts'
import type { NetworkConfiguration } from '../configuration/network.ts'
import { DISK_NAME } from '../disk/disk-name.ts'
import type { RunFolder } from '../folder/run-folder.ts'

/** Slots for disks that are plugged in at run time. Each one costs 40 ms at boot. */
export const FREE_PORTS = ['port1', 'port2', 'port3'] as const
export const NETDEV = 'net0'
/** Enough for 1920 × 1080. A clone takes all of it, whatever it shows. */
const SCREEN_MIB = 8
/** MiB that QEMU keeps of translated code; its own choice is a gigabyte of address space. */
const TRANSLATED_MIB = 64

const MIB = 1024 * 1024

export interface GuestHardware {
  readonly identifier: string
  readonly folder: RunFolder
  readonly machine: EmbeddedConfiguration['machine']
  readonly network: NetworkConfiguration
  readonly subnet: Subnet
  /** Undefined for a guest without an interface. */
  readonly macAddress: string | undefined
  /** Its disk, by what that is an overlay of; undefined for a guest without a disk. */
  readonly disk:
    | { readonly backing: DiskImage | undefined; readonly mibPerSecond?: number | undefined }
    | undefined
  /** QEMU's own when not given. */
  readonly memory?: GuestMemory | undefined
  /** Whether what is taken over from a template has an address lent already, to the template's own card. */
  readonly hasLent?: boolean
}

/** The names of QEMU's sockets in the run folder. */
export const sockets = {
  monitor: 'monitor',
  agent: 'agent',
  identity: 'identity',
  console: 'console',
  /** Socket of a card whose frames come here. */
  card: 'card',
  /** Socket of QEMU's own network, if its frames also come here. */
  beyond: 'beyond',
  /** Socket of its VNC server. */
  screen: 'screen',
} as const

/** QEMU's arguments for a guest that is stopped until it is resumed. */
export function qemuArguments(hardware: GuestHardware): string[] {
  const { identifier, folder, disk, memory } = hardware
  return [
    '-name',
    identifier,
    '-nodefaults',
    '-no-user-config',
    '-S',
    ...machineArguments(hardware.machine, folder, memory),
    // Not by -qmp, which takes a path with an equals sign for an option.
    ...socket(folder, 'monitor', sockets.monitor),
    '-mon',
    'chardev=monitor,mode=control',
    ...FREE_PORTS.flatMap((id, index) => [
      '-device',
      `pcie-root-port,id=${id},chassis=${index + 1},slot=${index + 1}`,
    ]),
    ...(disk === undefined ? [] : diskArguments(folder.of(DISK_NAME), disk)),
    ...networkArguments(hardware),
    '-device',
    'virtio-serial-pci',
    ...socket(folder, 'agent', sockets.agent),
    '-device',
    'virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
    ...socket(folder, 'identity', sockets.identity),
    '-device',
    `virtserialport,chardev=identity,name=${IDENTITY_PORT}`,
    ...socket(folder, 'console', sockets.console),
    '-device',
    'isa-serial,chardev=console',
    '-object',
    'rng-random,id=rng0,filename=/dev/urandom',
    '-device',
    'virtio-rng-pci,rng=rng0',
    '-device',
    'vmgenid,guid=auto',
    ...(memory?.isClone === true ? ['-incoming', 'defer'] : []),
    '-device',
    'pvpanic',
    '-action',
    'panic=pause',
  ]
}

function machineArguments(
  machine: EmbeddedConfiguration['machine'],
  folder: RunFolder,
  file: GuestHardware['memory'],
): string[] {
  const { kernel, initrd, cmdline, memory, cpus, cpu, accelerator, vnc } = machine
  const accel = accelerator === 'kvm' ? 'kvm' : `tcg,tb-size=${TRANSLATED_MIB}`
  return [
    '-machine',
    `${machine.machine},usb=off${file === undefined ? '' : ',memory-backend=memory0'}`,
    ...(file === undefined ? [] : memoryArguments(memory, file)),
    '-accel',
    accel,
    '-cpu',
    cpu,
    '-smp',
    String(cpus),
    '-m',
    `${memory}M`,
    ...(kernel === undefined ? [] : ['-kernel', kernel]),
    ...(initrd === undefined ? [] : ['-initrd', initrd]),
    ...(cmdline === undefined ? [] : ['-append', cmdline]),
    '-device',
    `VGA,vgamem_mb=${SCREEN_MIB}`,
    '-display',
    'none',
    ...(vnc ? ['-vnc', `unix:${option(folder.of(sockets.screen))}`] : []),
  ]
}

function memoryArguments(mib: number, { path, isClone }: NonNullable<GuestHardware['memory']>): string[] {
  const share = isClone ? 'off' : 'on'
  return ['-object', `memory-backend-file,id=memory0,size=${mib}M,mem-path=${option(path)},share=${share}`]
}

function diskArguments(
  path: string,
  { backing, mibPerSecond }: NonNullable<GuestHardware['disk']>,
): string[] {
  const image = blockNode({ path, format: 'qcow2', backing })
  const device = ['-device', 'virtio-blk-pci,drive=disk0']
  const name = { 'node-name': 'disk0' }
  if (mibPerSecond === undefined) return ['-blockdev', JSON.stringify({ ...name, ...image }), ...device]
  const group = { 'qom-type': 'throttle-group', id: 'rate0', 'x-bps-total': mibPerSecond * MIB }
  const throttled = { ...name, driver: 'throttle', 'throttle-group': group.id, file: image }
  return ['-object', JSON.stringify(group), '-blockdev', JSON.stringify(throttled), ...device]
}

function networkArguments({ folder, network, subnet, macAddress, hasLent, memory }: GuestHardware): string[] {
  if (macAddress === undefined) return []
  const { allow, forward, mode } = network
  const device = [
    '-device',
    // No network boot: the ROM would only be read and run. No announcing: a clone would do so by the address of its
    // template, and QEMU with announcements switched off crashes when such a guest reboots.
    `virtio-net-pci,netdev=${NETDEV},mac=${macAddress},romfile=,guest_announce=off`,
  ]
  if (mode === 'sinkhole') {
    // The state of a template has that of QEMU's own network in it, which has to be taken over by one: it has no card.
    const taken = memory?.isClone === true ? ['-netdev', 'user,id=unused,ipv6=off,restrict=on'] : []
    return [...stream(folder, NETDEV, sockets.card), ...taken, ...device]
  }
  const forwarded = forward.map(({ host_port, guest_port }) => {
    return `hostfwd=tcp:127.0.0.1:${host_port}-${subnet.firstGuest}:${guest_port}`
  })
  // The next one is lent to the guest.
  const firstLent = hasLent === true ? subnet.beforeFirstGuest : subnet.firstGuest
  const own = (id: string) => {
    const options = [
      `user,id=${id},ipv6=off,restrict=${mode === 'restricted' ? 'on' : 'off'}`,
      `net=${subnet.network},host=${subnet.host},dns=${subnet.nameServer},dhcpstart=${firstLent}`,
      ...forwarded,
    ]
    return ['-netdev', options.join(',')]
  }
  if (allow.length === 0) return [...own(NETDEV), ...device]
  return [
    ...stream(folder, NETDEV, sockets.card),
    ...stream(folder, 'beyond', sockets.beyond),
    ...own('own'),
    ...['beyond', 'own'].flatMap((id) => ['-netdev', `hubport,id=hub-${id},hubid=0,netdev=${id}`]),
    ...device,
  ]
}

/** A network device whose frames come here. */
function stream(folder: RunFolder, id: string, name: string): string[] {
  return ['-netdev', `stream,id=${id},server=on,addr.type=unix,addr.path=${option(folder.of(name))}`]
}

function socket(folder: RunFolder, id: string, name: string): string[] {
  return ['-chardev', `socket,id=${id},path=${option(folder.of(name))},server=on,wait=off`]
}

/** A value among others that are separated by commas. */
function option(value: string): string {
  return value.replaceAll(',', ',,')
}
