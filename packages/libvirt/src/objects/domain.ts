import type { Duplex, Readable } from 'node:stream'
import type { CallOptions, FlagOptions } from '../common/abort.ts'
import {
  coreDumpFormats,
  domainStates,
  interfaceAddressesSources,
  keycodeSets,
  type AgentCommandOptions,
  type BlockInfo,
  type BlockStats,
  type ConsoleOptions,
  type CoreDumpOptions,
  type DomainInfo,
  type DomainInterface,
  type DomainState,
  type InterfaceAddressesSource,
  type InterfaceStats,
  type MonitorCommandOptions,
  type ScreenshotOptions,
  type SendKeyOptions,
} from '../protocol/domain-types.ts'
import type { Daemon } from './daemon.ts'
import { addressType } from '../common/ip-address.ts'
import type { DomainHandle } from '../protocol/handles.ts'
import { Snapshot } from './snapshot.ts'
import { formatUuid } from '../common/uuid.ts'

/** libvirt's virDomain: a machine, running or not. */
export class Domain<H extends Daemon = Daemon> {
  readonly hypervisor: H
  #handle: DomainHandle

  constructor(hypervisor: H, handle: DomainHandle) {
    this.hypervisor = hypervisor
    this.#handle = handle
  }

  get handle(): DomainHandle {
    return this.#handle
  }

  protected set handle(handle: DomainHandle) {
    this.#handle = handle
  }

  get name(): string {
    return this.#handle.name
  }

  get uuid(): string {
    return formatUuid(this.#handle.uuid)
  }

  /** The number of the running machine as it was when this object was made or {@link create} was called; -1 if off. */
  get id(): number {
    return this.#handle.id
  }

  equals(other: Domain): boolean {
    return this.uuid === other.uuid && this.name === other.name
  }

  /** Starts it. */
  async create(options: FlagOptions = {}): Promise<void> {
    const { dom } = await this.hypervisor.call('DOMAIN_CREATE_WITH_FLAGS', this.#withFlags(options), options)
    this.#handle = dom
  }

  /** Pulls the plug. */
  async destroy(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_DESTROY_FLAGS', this.#withFlags(options), options)
  }

  /** Stops its processors; the state becomes paused. */
  async suspend(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('DOMAIN_SUSPEND', { dom: this.#handle }, options)
  }

  async resume(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('DOMAIN_RESUME', { dom: this.#handle }, options)
  }

  /** Asks the guest to reboot; it may take its time, or not do it. */
  async reboot(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_REBOOT', this.#withFlags(options), options)
  }

  /** Presses the reset button. */
  async reset(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_RESET', this.#withFlags(options), options)
  }

  /** Asks the guest to shut down; it may take its time, or not do it. */
  async shutdown(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_SHUTDOWN_FLAGS', this.#withFlags(options), options)
  }

  /** Wakes it from the state pmsuspended. */
  async pmWakeup(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_PM_WAKEUP', this.#withFlags(options), options)
  }

  async undefine(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_UNDEFINE_FLAGS', this.#withFlags(options), options)
  }

  /** `reason` is libvirt's number, whose meaning depends on the state. */
  async getState(options?: CallOptions): Promise<{ state: DomainState; reason: number }> {
    const { state, reason } = await this.hypervisor.call('DOMAIN_GET_STATE', this.#withFlags({}), options)
    return { state: domainStates[state] ?? 'nostate', reason }
  }

  async isActive(options?: CallOptions): Promise<boolean> {
    return (await this.hypervisor.call('DOMAIN_IS_ACTIVE', { dom: this.#handle }, options)).active === 1
  }

  async getXMLDesc(options: FlagOptions = {}): Promise<string> {
    return (await this.hypervisor.call('DOMAIN_GET_XML_DESC', this.#withFlags(options), options)).xml
  }

  async getInfo(options?: CallOptions): Promise<DomainInfo> {
    const info = await this.hypervisor.call('DOMAIN_GET_INFO', { dom: this.#handle }, options)
    return {
      state: domainStates[info.state] ?? 'nostate',
      maxMemKiB: Number(info.maxMem),
      memoryKiB: Number(info.memory),
      nrVirtCpu: info.nrVirtCpu,
      cpuTimeNs: info.cpuTime,
    }
  }

  /** @param disk the name of its target, such as `vda`, or the path of its file */
  async getBlockInfo(disk: string, options: FlagOptions = {}): Promise<BlockInfo> {
    const parameters = { ...this.#withFlags(options), path: disk }
    const info = await this.hypervisor.call('DOMAIN_GET_BLOCK_INFO', parameters, options)
    return { capacityBytes: info.capacity, allocationBytes: info.allocation, physicalBytes: info.physical }
  }

  /** @param disk as of `getBlockInfo`; counted since the hypervisor was started */
  async getBlockStats(disk: string, options?: CallOptions): Promise<BlockStats> {
    const stats = await this.hypervisor.call('DOMAIN_BLOCK_STATS', { dom: this.#handle, path: disk }, options)
    return { readBytes: stats.rd_bytes, writtenBytes: stats.wr_bytes }
  }

  /** @param device the name of its target, such as `vnet0`; counted since it was made, as the host sees it */
  async getInterfaceStats(device: string, options?: CallOptions): Promise<InterfaceStats> {
    const parameters = { dom: this.#handle, device }
    const stats = await this.hypervisor.call('DOMAIN_INTERFACE_STATS', parameters, options)
    return { receivedBytes: stats.rx_bytes, sentBytes: stats.tx_bytes }
  }

  async attachDevice(xml: string, options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_ATTACH_DEVICE_FLAGS', { ...this.#withFlags(options), xml }, options)
  }

  async detachDevice(xml: string, options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_DETACH_DEVICE_FLAGS', { ...this.#withFlags(options), xml }, options)
  }

  async updateDevice(xml: string, options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('DOMAIN_UPDATE_DEVICE_FLAGS', { ...this.#withFlags(options), xml }, options)
  }

  /** A picture of the screen. Read `data` to its end or destroy it: it holds a connection until then. */
  async screenshot(options: ScreenshotOptions = {}): Promise<{ mimeType: string; data: Readable }> {
    const args = { ...this.#withFlags(options), screen: options.screen ?? 0 }
    const { result, stream } = await this.hypervisor.openReadable('DOMAIN_SCREENSHOT', args, options)
    return { mimeType: result.mime ?? 'application/octet-stream', data: stream }
  }

  async interfaceAddresses(
    source: InterfaceAddressesSource,
    options?: CallOptions,
  ): Promise<DomainInterface[]> {
    const args = { ...this.#withFlags({}), source: interfaceAddressesSources[source] }
    const { ifaces } = await this.hypervisor.call('DOMAIN_INTERFACE_ADDRESSES', args, options)
    return ifaces.map(({ name, hwaddr, addrs }) => ({
      name,
      ...(hwaddr !== null && { hwaddr }),
      addrs: addrs.map((address) => ({ ...address, type: addressType(address.type) })),
    }))
  }

  /** Gives QEMU's guest agent a command in JSON and returns its answer, at most 4 MiB that the guest chose freely. */
  async agentCommand(command: string, options: AgentCommandOptions = {}): Promise<string> {
    const args = { ...this.#withFlags({}), cmd: command, timeout: options.timeoutSeconds ?? -1 }
    return (await this.hypervisor.call('QEMU_DOMAIN_AGENT_COMMAND', args, options)).result ?? ''
  }

  /** Gives QEMU's monitor a command in JSON and returns its answer. The domain is tainted from then on. */
  async monitorCommand(command: string, options: MonitorCommandOptions = {}): Promise<string> {
    const args = { dom: this.#handle, cmd: command, flags: options.hmp === true ? 1 : 0 }
    return (await this.hypervisor.call('QEMU_DOMAIN_MONITOR_COMMAND', args, options)).result
  }

  /** Writes the guest's memory into a file on the daemon's machine. */
  async coreDump(path: string, options: CoreDumpOptions = {}): Promise<void> {
    const args = {
      ...this.#withFlags(options),
      to: path,
      dumpformat: coreDumpFormats[options.format ?? 'raw'],
    }
    await this.hypervisor.call('DOMAIN_CORE_DUMP_WITH_FORMAT', args, options)
  }

  /** The domain's console, both ways. Destroy it to let go. */
  async openConsole(options: ConsoleOptions = {}): Promise<Duplex> {
    const args = { ...this.#withFlags(options), dev_name: options.device ?? null }
    return (await this.hypervisor.openDuplex('DOMAIN_OPEN_CONSOLE', args, options)).stream
  }

  /** Presses up to 16 keys at the same time. */
  async sendKey(keycodes: number[], options: SendKeyOptions = {}): Promise<void> {
    const codeset = keycodeSets[options.codeset ?? 'linux']
    const args = { ...this.#withFlags(options), codeset, holdtime: options.holdTimeMs ?? 0, keycodes }
    await this.hypervisor.call('DOMAIN_SEND_KEY', args, options)
  }

  async snapshotCreateXML(xml: string, options: FlagOptions = {}): Promise<Snapshot<Domain<H>>> {
    const args = { ...this.#withFlags(options), xml_desc: xml }
    return new Snapshot(this, (await this.hypervisor.call('DOMAIN_SNAPSHOT_CREATE_XML', args, options)).snap)
  }

  async listAllSnapshots(options: FlagOptions = {}): Promise<Snapshot<Domain<H>>[]> {
    const args = { ...this.#withFlags(options), need_results: 1 }
    const { snapshots } = await this.hypervisor.call('DOMAIN_LIST_ALL_SNAPSHOTS', args, options)
    return snapshots.map((handle) => new Snapshot(this, handle))
  }

  async snapshotLookupByName(name: string, options: FlagOptions = {}): Promise<Snapshot<Domain<H>>> {
    const args = { ...this.#withFlags(options), name }
    return new Snapshot(
      this,
      (await this.hypervisor.call('DOMAIN_SNAPSHOT_LOOKUP_BY_NAME', args, options)).snap,
    )
  }

  #withFlags({ flags = 0 }: FlagOptions): { dom: DomainHandle; flags: number } {
    return { dom: this.#handle, flags }
  }
}
