import { basename } from 'node:path'
import { launchPrograms } from '@see/qemu'
import type { Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { requireTool } from '../../../host/required-tool.ts'
import type { InterfaceEdit } from '../xml/parts/guests-interface.ts'
import { sandboxUser } from '../../../host/sandbox-user.ts'
import { pickGuestSubnet } from '../../../common/guest-subnet.ts'
import { serializeNetworkChange, TURN_TIMEOUT_MS } from '../network/definition/serialize-network-change.ts'
import { type NetworkedGuest, type MadeNetwork, makeNetwork } from '../network/make-network.ts'
import { NetworkXml } from '../network/definition/network-xml.ts'
import { bridgeNameOf, deviceNameOf } from '../xml/interface-names.ts'
import { applyRules, findNft, seesDevice } from '../network/firewall/nftables.ts'
import { withoutNoLanTable } from '../network/firewall/no-lan-rules.ts'
import { Sinkhole } from '../../sinkhole/sinkhole.ts'
import { hostEntry } from '../../../ledger/host-entries.ts'
import { entryOf } from '../daemon/libvirt-kind.ts'
import { tableKind, tableName } from '../network/firewall/table-kind.ts'
import { sinkholeDeviceKind } from './container-kinds.ts'
import { runIp } from '../../../host/run-ip.ts'
import { sinkholeDeviceOf } from './sinkhole-device.ts'
import { FrameRelay } from './frame-relay.ts'
import { sunkTable } from './sunk-table.ts'

/** What may wait for the relay to read it. */
const QUEUED_FRAMES = 10_000

/** The host has no address on it, and nothing of libvirt's listens there. */
const PLAN = {
  xml: NetworkXml.of('isolated'),
  dynamicAddress: undefined,
  hasDhcp: false,
  noLan: undefined,
  sharing: { shared: undefined, reason: 'it ends in a sinkhole' },
}

/** The paths of what is needed. */
interface Programs {
  readonly nft: string
  readonly ip: string
  readonly qemu: string
}

/** A container's network that ends in a sinkhole. */
export interface SunkNetwork {
  readonly made: MadeNetwork
  readonly sinkhole: Sinkhole
  readonly relay: FrameRelay
}

/** @throws SeeError `NETWORK_INVALID` or `TOOL_MISSING` where a container cannot have a sinkhole */
export async function sinkholePrograms(): Promise<Programs> {
  const nft = await findNft()
  if (nft === undefined) {
    throw new SeeError(
      'NETWORK_INVALID',
      'the network mode "sinkhole" makes a device and firewall rules for a container: run SEE as root, or choose another mode',
    )
  }
  for (const [program, debianPackage] of Object.entries(launchPrograms)) {
    await requireTool(program, debianPackage)
  }
  const ip = await requireTool('ip', 'iproute2')
  return { nft, ip, qemu: await requireTool('qemu-system-x86_64', 'qemu-system-x86') }
}

/** What the container's first interface is on. */
export function sunkInterface(identifier: string): InterfaceEdit {
  return { name: identifier, device: deviceNameOf(identifier), filter: undefined, isolated: false }
}

/**
 * Makes a network without the host on it, whose only other station is the sinkhole; it goes at the end. The container has
 * to be started after that.
 * @throws SeeError `NETWORK_INVALID`, or the signal's reason
 */
export async function makeSunkNetwork(
  hypervisor: Hypervisor,
  guest: NetworkedGuest,
  programs: Programs,
  releases: ReleaseStack,
  signal: AbortSignal,
): Promise<SunkNetwork> {
  const { identifier } = guest
  const made = await makeNetwork(hypervisor, guest, PLAN, releases)
  try {
    if (!(await seesDevice(bridgeNameOf(identifier)))) {
      throw new Error("libvirt's daemon is not in the network namespace of this process")
    }
    await cutOff(identifier, programs, releases)
    const { sinkhole, relay } = await openSinkhole(identifier, programs, releases, signal)
    return { made, sinkhole, relay }
  } catch (error) {
    signal.throwIfAborted()
    const message = `cannot make the container's sinkhole: ${messageOf(error)}`
    throw new SeeError('NETWORK_INVALID', message, { cause: error })
  }
}

async function cutOff(identifier: string, { nft }: Programs, releases: ReleaseStack): Promise<void> {
  const name = tableName(identifier)
  const devices = [deviceNameOf(identifier), sinkholeDeviceOf(identifier)]
  // Should nft be killed meanwhile, it is not known whether the tables exist.
  const recorded = await releases.defer(
    entryOf(tableKind, `table ${name} of nftables`, { name }),
    () => serializeNetworkChange(() => applyRules(nft, withoutNoLanTable(name))),
    TURN_TIMEOUT_MS,
  )
  await serializeNetworkChange(() =>
    applyRules(nft, sunkTable({ name, bridge: bridgeNameOf(identifier), devices })),
  )
  recorded.made()
}

async function openSinkhole(
  identifier: string,
  { ip, qemu }: Programs,
  releases: ReleaseStack,
  signal: AbortSignal,
): Promise<Omit<SunkNetwork, 'made'>> {
  const device = sinkholeDeviceOf(identifier)
  const user = await sandboxUser('tcg')
  const owner = user?.uid ?? process.geteuid?.() ?? 0
  const recorded = await releases.defer(entryOf(sinkholeDeviceKind, `the device ${device}`, {}), async () => {
    if (await seesDevice(device)) await runIp(ip, 'link', 'delete', device)
  })
  await runIp(ip, 'tuntap', 'add', 'dev', device, 'mode', 'tap', 'user', String(owner))
  recorded.made()
  const queue = ['txqueuelen', String(QUEUED_FRAMES)]
  await runIp(ip, 'link', 'set', 'dev', device, 'master', bridgeNameOf(identifier), ...queue, 'up')
  const sinkhole = Sinkhole.inSubnet(pickGuestSubnet())
  const name = `relay-${identifier}`
  let relay: FrameRelay | undefined
  const entry = hostEntry('process', 'the relay of the sinkhole', { program: basename(qemu), argument: name })
  const started = await releases.defer(entry, async () => {
    sinkhole.disconnect()
    await relay?.stop()
  })
  relay = await FrameRelay.start({ program: qemu, name, device, user, signal })
  started.made()
  sinkhole.connect(relay.frames)
  return { sinkhole, relay }
}
