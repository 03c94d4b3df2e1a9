import type { Duplex } from 'node:stream'
import type { Subnet } from '../../../common/guest-subnet.ts'
import { answerArp, readUdp, udp } from '../../sinkhole/datagrams.ts'
import { answerDhcp, type Lease } from '../../sinkhole/dhcp.ts'
import { DnsServer } from '../../sinkhole/dns.ts'
import { FrameLink } from '../../sinkhole/frame-link.ts'
import {
  ETHERTYPE,
  ethernet,
  type Ipv4,
  ipv4,
  PROTOCOL,
  readEthernet,
  readIpv4,
} from '../../sinkhole/packet.ts'
import type { TcpConnection } from '../../sinkhole/tcp-connection.ts'
import { TcpServer } from '../../sinkhole/tcp-server.ts'
import { relay } from './allowance-relay.ts'
import { type NetworkConfiguration, type Place, placesOf } from '../configuration/network.ts'

const DHCP = { server: 67, client: 68 } as const
const DNS_PORT = 53
const EVERYBODY = '255.255.255.255'
const EVERY_CARD = 'ff:ff:ff:ff:ff:ff'
/** The most connections of a guest at a time, and of each thing that it is allowed. */
const MOST_CONNECTIONS = 512
const MOST_FOR_ONE = 256
/** After so long, a guest is asked whether it still knows a connection. */
const QUIET_MS = 60_000
/** All that may be in flight on so many connections, each with a window of 64 KiB. */
const MOST_WAITING_BYTES = 40 * 1024 * 1024

/**
 * Stands between a guest's card and QEMU's own network: what goes to an address that is allowed is served here, and what
 * asks for a name; everything else goes on to QEMU's, and is refused or forwarded there as if this were not here.
 */
export class AllowedNetwork {
  readonly #places: readonly (Place & { readonly address: string })[]
  readonly #addresses: ReadonlySet<string>
  readonly #lease: Lease
  readonly #dns: DnsServer
  readonly #hasNames: boolean
  readonly #isRestricted: boolean
  readonly #open = new Map<Place, number>()
  #card: FrameLink | undefined
  #beyond: FrameLink | undefined
  #tcp: TcpServer | undefined
  #guestMac = EVERY_CARD

  private constructor(
    { mode, allow }: NetworkConfiguration,
    { address, firstGuest, host, nameServer }: Subnet,
  ) {
    this.#places = placesOf(allow).map((place) => ({ ...place, address: address(place.last) }))
    this.#addresses = new Set(this.#places.map((place) => place.address))
    this.#lease = { guest: firstGuest, host, netmask: '255.255.255.0', router: undefined, nameServer }
    this.#dns = new DnsServer((name) => this.#addressOf(name))
    this.#hasNames = this.#places.some(({ name }) => name !== undefined)
    this.#isRestricted = mode === 'restricted'
  }

  /** Undefined where nothing is allowed. */
  static of(network: NetworkConfiguration, subnet: Subnet): AllowedNetwork | undefined {
    return network.allow.length === 0 ? undefined : new AllowedNetwork(network, subnet)
  }

  /**
   * Takes the frames of a guest that has just been started, in place of those before.
   * @param beyond of QEMU's own network
   */
  connect(card: Duplex, beyond: Duplex): void {
    this.disconnect()
    this.#tcp = new TcpServer((packet) => this.#send(packet), {
      most: MOST_CONNECTIONS,
      opened: (connection) => this.#serve(connection),
      refused: () => undefined,
      quietMs: QUIET_MS,
      quiet: (connection) => connection.probe(),
    })
    const link = new FrameLink(card, (frame) => this.#receive(frame), MOST_WAITING_BYTES)
    this.#card = link
    this.#beyond = new FrameLink(beyond, (frame) => {
      if (!this.#isOtherLease(frame)) link.send(frame)
    })
    // The guest has ended, and its connections with it.
    card.once('close', () => {
      if (this.#card === link) this.disconnect()
    })
  }

  disconnect(): void {
    this.#tcp?.close()
    this.#card?.close()
    this.#beyond?.close()
    this.#card = undefined
  }

  #serve(connection: TcpConnection): void {
    const { address, port } = connection.ends
    const place = this.#places.find((each) => each.address === address && each.port === port)
    const count = place === undefined ? 0 : (this.#open.get(place) ?? 0)
    if (place === undefined || count >= MOST_FOR_ONE) return void connection.destroy()
    this.#open.set(place, count + 1)
    connection.once('close', () => this.#open.set(place, (this.#open.get(place) ?? 0) - 1))
    relay(connection, place.target)
  }

  #addressOf(name: string): string | undefined {
    const wanted = name.toLowerCase()
    return this.#places.find((place) => place.name === wanted)?.address
  }

  #receive(bytes: Buffer): void {
    if (!this.#isServed(bytes)) this.#beyond?.send(bytes)
  }

  /** Whether a frame is for what is here. */
  #isServed(bytes: Buffer): boolean {
    const frame = readEthernet(bytes)
    if (frame === undefined) return false
    const { source, type, payload } = frame
    if (type === ETHERTYPE.arp) {
      const answer = answerArp(frame, this.#addresses)
      if (answer !== undefined) this.#card?.send(answer)
      return answer !== undefined
    }
    const packet = type === ETHERTYPE.ipv4 ? readIpv4(payload) : undefined
    if (packet === undefined) return false
    this.#guestMac = source
    if (packet.protocol === PROTOCOL.udp) return this.#isServedUdp(packet)
    if (packet.protocol !== PROTOCOL.tcp || !this.#addresses.has(packet.destination)) return false
    this.#tcp?.receive(packet)
    return true
  }

  #isServedUdp(packet: Ipv4): boolean {
    const datagram = this.#hasNames ? readUdp(packet) : undefined
    if (datagram === undefined) return false
    const { sourcePort, port, payload } = datagram
    const { source, destination } = packet
    const back = (message: Buffer) => ({ sourcePort: port, port: sourcePort, payload: message })
    if (this.#isRestricted && port === DHCP.server && sourcePort === DHCP.client) {
      const answer = answerDhcp(payload, this.#lease)
      if (answer !== undefined) this.#send(udp(this.#lease.host, EVERYBODY, back(answer)))
      // QEMU's network is asked too: a clone takes over which addresses it has lent.
      return false
    }
    if (port !== DNS_PORT || destination !== this.#lease.nameServer) return false
    const answer = this.#dns.answer(payload)
    if (answer === undefined) return this.#isRestricted
    if (!this.#isRestricted && !answer.isKnown) return false
    this.#send(udp(destination, source, back(answer.message)))
    return true
  }

  /** Whether a frame of QEMU's network has a lease without a name server in it, in place of which there is one here. */
  #isOtherLease(bytes: Buffer): boolean {
    if (!this.#hasNames || !this.#isRestricted) return false
    const frame = readEthernet(bytes)
    const packet = frame?.type === ETHERTYPE.ipv4 ? readIpv4(frame.payload) : undefined
    return packet?.protocol === PROTOCOL.udp && readUdp(packet)?.port === DHCP.client
  }

  #send(packet: Ipv4): void {
    this.#card?.send(ethernet(this.#guestMac, ETHERTYPE.ipv4, ipv4(packet)))
  }
}
