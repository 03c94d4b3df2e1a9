import {
  childrenOf,
  type Element,
  ensureChild,
  setAttributes,
  setText,
} from '../../../common/xml-elements.ts'
import { ensureDevices } from './device-elements.ts'
import { guestsDiskIn } from './parts/guests-disk.ts'

const MIB = 1024 * 1024
/** libvirt counts the rate of an interface in KiB a second. */
const KIB_OF_MIB = 1024

/** What libvirt itself bounds of a guest; what is undefined stays as the user's XML has it. */
export interface LimitsEdit {
  /** Memory of the host that the domain may take. */
  readonly memoryMib?: number | undefined
  readonly diskMibPerSecond?: number | undefined
  /** For the first interface, each way. */
  readonly networkMibPerSecond?: number | undefined
}

/** @throws Error naming the limit, where the XML has nothing that it bounds */
export function editLimits(domain: Element, limits: LimitsEdit): void {
  const { memoryMib, diskMibPerSecond, networkMibPerSecond } = limits
  const devices = ensureDevices(domain)
  if (memoryMib !== undefined) {
    const hard = ensureChild(ensureChild(domain, 'memtune'), 'hard_limit')
    hard.setAttribute('unit', 'MiB')
    setText(hard, String(memoryMib))
  }
  if (diskMibPerSecond !== undefined) {
    const disk = guestsDiskIn(devices)
    if (disk === undefined) throw new Error('it has no disk for "limits.disk_mib_per_second"')
    const tune = ensureChild(disk, 'iotune')
    // In one direction alone, libvirt refuses it beside the total.
    for (const name of ['read_bytes_sec', 'write_bytes_sec'])
      for (const each of childrenOf(tune, name)) tune.removeChild(each)
    setText(ensureChild(tune, 'total_bytes_sec'), String(diskMibPerSecond * MIB))
  }
  if (networkMibPerSecond !== undefined) {
    const [first] = childrenOf(devices, 'interface')
    if (first === undefined) throw new Error('it has no interface for "limits.network_mib_per_second"')
    const bandwidth = ensureChild(first, 'bandwidth')
    for (const way of ['inbound', 'outbound'])
      setAttributes(ensureChild(bandwidth, way), { average: String(networkMibPerSecond * KIB_OF_MIB) })
  }
}
