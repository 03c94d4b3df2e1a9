import type { Duplex, Readable, Writable } from 'node:stream'
import type { CallOptions, FlagOptions, SignalOptions } from '../common/abort.ts'
import { inTime } from '../common/in-time.ts'
import type { Daemon } from './daemon.ts'
import { Domain } from './domain.ts'
import type { DomainCapabilitiesOptions } from '../protocol/domain-types.ts'
import { deliveryTo } from './event-delivery.ts'
import type { HypervisorEvents } from './event-kinds.ts'
import { handlesOf, type EventTarget } from './event-target.ts'
import type { EventRegistration } from '../rpc/event-router.ts'
import { eventDecoder } from './event-decoder.ts'
import { eventSources } from '../rpc/event-families.ts'
import { openLink, type HypervisorOptions, type Link } from '../connections/link.ts'
import { Network } from './network.ts'
import { duplexOf, readableOf, writableOf } from '../rpc/node-stream.ts'
import { openStream } from '../rpc/open-stream.ts'
import type {
  ArgsOf,
  CallName,
  ResultOf,
  StreamArgsOf,
  StreamName,
  StreamResultOf,
} from '../protocol/procedure-types.ts'
import { StoragePool } from './storage-pool.ts'
import { StorageVolume } from './storage-volume.ts'
import { parseUri, type ParsedUri } from '../transport/uri.ts'
import { parseUuid } from '../common/uuid.ts'
import { versionOf, type Version } from '../common/version.ts'

/** A connection to libvirt's daemon: libvirt's virConnect. */
export class Hypervisor implements Daemon, AsyncDisposable {
  /** As given to {@link Hypervisor.open}. */
  readonly uri: string
  /** Resolves when the connection ends: with what ended it, or with undefined after {@link close}. */
  readonly closed: Promise<Error | undefined>
  /**
   * What it calls the daemon through: the same object for all who share a connection, and another after each reconnection.
   * For use as the key of what holds for the daemon as it is now.
   */
  readonly connection: object
  readonly #parsedUri: ParsedUri
  readonly #link: Link
  readonly #callTimeoutMs: number | undefined

  private constructor(uri: string, parsedUri: ParsedUri, link: Link, callTimeoutMs: number | undefined) {
    this.uri = uri
    this.#parsedUri = parsedUri
    this.#link = link
    this.closed = link.closed
    this.connection = link.connection
    this.#callTimeoutMs = callTimeoutMs
  }

  /**
   * Opens a connection, or joins the `shared` one. Throws LibvirtConnectionError if there is no way to the daemon,
   * LibvirtError if the daemon does not open the URI.
   */
  static async open(uri: string, options: HypervisorOptions = {}): Promise<Hypervisor> {
    const parsedUri = parseUri(uri)
    return new Hypervisor(uri, parsedUri, await openLink(uri, parsedUri, options), options.callTimeoutMs)
  }

  /** Calls any procedure of the protocol, for those that have no method of their own. */
  call<N extends CallName>(name: N, args: ArgsOf<N>, options?: CallOptions): Promise<ResultOf<N>> {
    const timeoutMs = options?.timeoutMs ?? this.#callTimeoutMs
    if (timeoutMs === undefined) return this.#link.call(name, args, options)
    return inTime(name, { ...options, timeoutMs }, (inside) => this.#link.call(name, args, inside))
  }

  /**
   * Registers for events; the handler runs for each, in order, and unless `shared`, before any later reply is seen. What
   * it throws becomes an uncaught exception. Give an object to hear of it alone.
   */
  on<K extends keyof HypervisorEvents>(
    kind: K,
    handler: (event: HypervisorEvents<Hypervisor>[K]) => void,
    options: EventTarget & SignalOptions = {},
  ): Promise<EventRegistration> {
    const { family, eventId } = eventSources[kind]
    const deliver = deliveryTo(handler, eventDecoder<K, Hypervisor>(kind, this))
    return this.#link.on(family, eventId, deliver, { ...handlesOf(options), signal: options.signal })
  }

  /** Calls a procedure that opens a stream from the daemon, on a connection of its own. */
  async openReadable<N extends StreamName>(
    name: N,
    args: StreamArgsOf<N>,
    options?: CallOptions,
  ): Promise<{ result: StreamResultOf<N>; stream: Readable }> {
    const { result, opened } = await openStream(this.#parsedUri, name, args, options)
    return { result, stream: readableOf(opened) }
  }

  /** Calls a procedure that opens a stream to the daemon, on a connection of its own. */
  async openWritable<N extends StreamName>(
    name: N,
    args: StreamArgsOf<N>,
    options?: CallOptions,
  ): Promise<{ result: StreamResultOf<N>; stream: Writable }> {
    const { result, opened } = await openStream(this.#parsedUri, name, args, options)
    return { result, stream: writableOf(opened) }
  }

  /** Calls a procedure that opens a stream both ways, on a connection of its own. */
  async openDuplex<N extends StreamName>(
    name: N,
    args: StreamArgsOf<N>,
    options?: CallOptions,
  ): Promise<{ result: StreamResultOf<N>; stream: Duplex }> {
    const { result, opened } = await openStream(this.#parsedUri, name, args, options)
    return { result, stream: duplexOf(opened) }
  }

  /** libvirt's version: `{ major, minor, release }`. */
  async getLibVersion(options?: CallOptions): Promise<Version> {
    return versionOf((await this.call('CONNECT_GET_LIB_VERSION', undefined, options)).lib_ver)
  }

  /** The hypervisor's version, QEMU's for instance. */
  async getVersion(options?: CallOptions): Promise<Version> {
    return versionOf((await this.call('CONNECT_GET_VERSION', undefined, options)).hv_ver)
  }

  async getHostname(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_HOSTNAME', undefined, options)).hostname
  }

  /** The driver's name: QEMU, LXC, Test, … */
  async getType(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_TYPE', undefined, options)).type
  }

  /** XML that describes the host and the guests it can run. */
  async getCapabilities(options?: CallOptions): Promise<string> {
    return (await this.call('CONNECT_GET_CAPABILITIES', undefined, options)).capabilities
  }

  /** XML that describes what domains of an emulator, architecture, machine and type can have. */
  async getDomainCapabilities(options: DomainCapabilitiesOptions = {}): Promise<string> {
    const { emulator = null, arch = null, machine = null, virtType = null, flags = 0 } = options
    const args = { emulatorbin: emulator, arch, machine, virttype: virtType, flags }
    return (await this.call('CONNECT_GET_DOMAIN_CAPABILITIES', args, options)).capabilities
  }

  /** Makes a domain known, or changes it; it does not start. */
  async domainDefineXML(xml: string, options: FlagOptions = {}): Promise<Domain<Hypervisor>> {
    const { dom } = await this.call('DOMAIN_DEFINE_XML_FLAGS', { xml, flags: options.flags ?? 0 }, options)
    return new Domain(this, dom)
  }

  /** Starts a transient domain: it is gone once it stops. */
  async domainCreateXML(xml: string, options: FlagOptions = {}): Promise<Domain<Hypervisor>> {
    const { dom } = await this.call(
      'DOMAIN_CREATE_XML',
      { xml_desc: xml, flags: options.flags ?? 0 },
      options,
    )
    return new Domain(this, dom)
  }

  async domainLookupByName(name: string, options?: CallOptions): Promise<Domain<Hypervisor>> {
    return new Domain(this, (await this.call('DOMAIN_LOOKUP_BY_NAME', { name }, options)).dom)
  }

  async domainLookupByUUID(uuid: string, options?: CallOptions): Promise<Domain<Hypervisor>> {
    return new Domain(
      this,
      (await this.call('DOMAIN_LOOKUP_BY_UUID', { uuid: parseUuid(uuid) }, options)).dom,
    )
  }

  async listAllDomains(options: FlagOptions = {}): Promise<Domain<Hypervisor>[]> {
    const args = { need_results: 1, flags: options.flags ?? 0 }
    const { domains } = await this.call('CONNECT_LIST_ALL_DOMAINS', args, options)
    return domains.map((handle) => new Domain(this, handle))
  }

  async networkDefineXML(xml: string, options: FlagOptions = {}): Promise<Network<Hypervisor>> {
    const { net } = await this.call('NETWORK_DEFINE_XML_FLAGS', { xml, flags: options.flags ?? 0 }, options)
    return new Network(this, net)
  }

  /** Starts a transient network: it is gone once it is destroyed. */
  async networkCreateXML(xml: string, options: FlagOptions = {}): Promise<Network<Hypervisor>> {
    const { net } = await this.call('NETWORK_CREATE_XML_FLAGS', { xml, flags: options.flags ?? 0 }, options)
    return new Network(this, net)
  }

  async networkLookupByName(name: string, options?: CallOptions): Promise<Network<Hypervisor>> {
    return new Network(this, (await this.call('NETWORK_LOOKUP_BY_NAME', { name }, options)).net)
  }

  async networkLookupByUUID(uuid: string, options?: CallOptions): Promise<Network<Hypervisor>> {
    return new Network(
      this,
      (await this.call('NETWORK_LOOKUP_BY_UUID', { uuid: parseUuid(uuid) }, options)).net,
    )
  }

  async listAllNetworks(options: FlagOptions = {}): Promise<Network<Hypervisor>[]> {
    const args = { need_results: 1, flags: options.flags ?? 0 }
    const { nets } = await this.call('CONNECT_LIST_ALL_NETWORKS', args, options)
    return nets.map((handle) => new Network(this, handle))
  }

  async storagePoolDefineXML(xml: string, options: FlagOptions = {}): Promise<StoragePool<Hypervisor>> {
    const { pool } = await this.call('STORAGE_POOL_DEFINE_XML', { xml, flags: options.flags ?? 0 }, options)
    return new StoragePool(this, pool)
  }

  /** Starts a transient pool: it is gone once it is destroyed. */
  async storagePoolCreateXML(xml: string, options: FlagOptions = {}): Promise<StoragePool<Hypervisor>> {
    const { pool } = await this.call('STORAGE_POOL_CREATE_XML', { xml, flags: options.flags ?? 0 }, options)
    return new StoragePool(this, pool)
  }

  async storagePoolLookupByName(name: string, options?: CallOptions): Promise<StoragePool<Hypervisor>> {
    return new StoragePool(this, (await this.call('STORAGE_POOL_LOOKUP_BY_NAME', { name }, options)).pool)
  }

  async storagePoolLookupByUUID(uuid: string, options?: CallOptions): Promise<StoragePool<Hypervisor>> {
    const { pool } = await this.call('STORAGE_POOL_LOOKUP_BY_UUID', { uuid: parseUuid(uuid) }, options)
    return new StoragePool(this, pool)
  }

  async storagePoolLookupByTargetPath(path: string, options?: CallOptions): Promise<StoragePool<Hypervisor>> {
    const { pool } = await this.call('STORAGE_POOL_LOOKUP_BY_TARGET_PATH', { path }, options)
    return new StoragePool(this, pool)
  }

  async listAllStoragePools(options: FlagOptions = {}): Promise<StoragePool<Hypervisor>[]> {
    const args = { need_results: 1, flags: options.flags ?? 0 }
    const { pools } = await this.call('CONNECT_LIST_ALL_STORAGE_POOLS', args, options)
    return pools.map((handle) => new StoragePool(this, handle))
  }

  async storageVolLookupByPath(path: string, options?: CallOptions): Promise<StorageVolume<Hypervisor>> {
    return new StorageVolume(this, (await this.call('STORAGE_VOL_LOOKUP_BY_PATH', { path }, options)).vol)
  }

  /** Closes it, for this object alone. Calls that still wait fail with CONNECTION_CLOSED; open streams live on. */
  close(): Promise<void> {
    return this.#link.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
