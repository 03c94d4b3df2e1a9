import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  CapturePoint,
  GuestInterfaces,
  UntraceableInterface,
} from '../../../contract/capture-ability.ts'
import { describeInterface, type DomainInterface, interfacesIn } from './domain-devices.ts'

const DEVICES = '/sys/class/net'
/** libvirt's types of interfaces whose packets pass a device of the host that is this guest's alone. */
const WITH_DEVICE = new Set(['network', 'bridge', 'ethernet', 'direct'])

interface Options {
  /** The guest's IPv4 address on a network shared with other guests, which its first interface is on. */
  readonly address: string | undefined
  /** The first interface that is wanted, from 0 on. */
  readonly from: number
  /** Whether the guest runs already. */
  readonly isLate: boolean
}

/** The devices of a domain's interfaces, as the XML of the running domain has them. */
export async function guestInterfaces(
  xml: string,
  { address, from, isLate }: Options,
): Promise<GuestInterfaces> {
  const points: CapturePoint[] = []
  const untraceable: UntraceableInterface[] = []
  for (const [index, each] of interfacesIn(xml).entries()) {
    if (index < from) continue
    const why = whyUntraceable(each)
    if (why !== undefined) untraceable.push({ what: describeInterface(each, index + 1), why })
    else points.push(await capturePointAt(each, { address: index === 0 ? address : undefined, isLate }))
  }
  return { points, untraceable }
}

/** What is known of a domain that is off: the interfaces that will have no device. */
export function interfacesWithoutDevice(xml: string): UntraceableInterface[] {
  return interfacesIn(xml).flatMap((each, index) => {
    if (WITH_DEVICE.has(each.type)) return []
    return [{ what: describeInterface(each, index + 1), why: noDevice(each) }]
  })
}

export async function capturePointAt(
  { target = '', bridge, macAddress }: Pick<DomainInterface, 'target' | 'bridge' | 'macAddress'>,
  { address, isLate }: Pick<Options, 'address' | 'isLate'>,
): Promise<CapturePoint> {
  const point = { isLate, device: target, packetsSent: () => packetsFrom(target) ?? 0 }
  if (address === undefined || bridge === undefined || macAddress === undefined) return point
  const hostMacAddress = (await readFile(join(DEVICES, bridge, 'address'), 'latin1')).trim()
  return { ...point, shared: { macAddress, address, hostMacAddress } }
}

function whyUntraceable(each: DomainInterface): string | undefined {
  if (!WITH_DEVICE.has(each.type) || each.target === undefined) return noDevice(each)
  if (packetsFrom(each.target) !== undefined) return undefined
  return `its device ${each.target} is not in the network namespace in which SEE runs`
}

function noDevice({ type }: DomainInterface): string {
  return `an interface of type ${type} has no device on this host at which packets can be captured`
}

/** Packets that came out of a guest's device so far; undefined when there is no such device. */
function packetsFrom(device: string): number | undefined {
  // Its second column: https://docs.kernel.org/filesystems/proc.html. What a guest sends, its device receives.
  const line = readFileSync('/proc/self/net/dev', 'latin1')
    .split('\n')
    .map((each) => each.trim())
    .find((each) => each.startsWith(`${device}:`))
  return line === undefined
    ? undefined
    : Number(
        line
          .slice(device.length + 1)
          .trim()
          .split(/\s+/)[1],
      )
}
