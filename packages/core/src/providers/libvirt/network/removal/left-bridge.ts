import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hypervisor } from '@see/libvirt'
import { findProcesses, killProcess } from '../../../../host/process-table.ts'
import { requireTool } from '../../../../host/required-tool.ts'
import { runIp } from '../../../../host/run-ip.ts'
import { isBridgeName } from '../../xml/interface-names.ts'
import { removeRulesOf } from './left-rules.ts'
import { seesDevice } from '../firewall/nftables.ts'
import { DNSMASQ_FOLDER } from './leftovers.ts'

interface LeftBridge {
  readonly bridge: string
  /** The network that it was made for. */
  readonly network: string
}

/**
 * Removes the bridge of a network that libvirt does not know any more, with its rules and its dnsmasq: what is left where
 * libvirtd was killed while it made the network or removed it. Nothing where one of its networks has the bridge.
 * @throws Error saying what cannot be removed
 */
export async function removeLeftBridge(
  hypervisor: Hypervisor,
  { bridge, network }: LeftBridge,
): Promise<void> {
  if (!isBridgeName(bridge)) throw new Error(`${bridge} is not the name of a bridge of SEE's`)
  if (!(await seesDevice(bridge))) return await removeFilesOf(bridge)
  const networks = await hypervisor.listAllNetworks()
  const bridges = await Promise.all(networks.map((each) => each.getBridgeName().catch(() => undefined)))
  if (bridges.includes(bridge)) return
  if (!networks.some(({ name }) => name === network)) await killDnsmasqOf(network)
  await removeFilesOf(bridge)
  await removeRulesOf(bridge)
  // Last, so that the rest is found again should this be killed.
  const ip = await requireTool('ip', 'iproute2')
  if (await seesDevice(bridge)) await runIp(ip, 'link', 'delete', 'dev', bridge, 'type', 'bridge')
}

/** What dnsmasq has given away. libvirt leaves an empty one when it finds no room for it. */
async function removeFilesOf(bridge: string): Promise<void> {
  const files = ['macs', 'status'].map((kind) => join(DNSMASQ_FOLDER, `${bridge}.${kind}`))
  await Promise.all(files.map((path) => rm(path, { force: true })))
}

async function killDnsmasqOf(network: string): Promise<void> {
  const argument = `--conf-file=${join(DNSMASQ_FOLDER, `${network}.conf`)}`
  const found = await findProcesses(
    (argv) => argv[0]?.endsWith('dnsmasq') === true && argv.includes(argument),
  )
  await Promise.all(found.map((each) => killProcess(each)))
}
