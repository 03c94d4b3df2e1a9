import type { Duplex } from 'node:stream'
import type { CaptureOptions, PacketCapture } from '../../contract/capture-ability.ts'
import type { InterfaceAddresses } from '../../contract/resources.ts'
import type { Subnet } from '../../common/guest-subnet.ts'
import { answerArp, answerPing, isEchoRequest, readFirstOfUdp, readUdp, type Udp, udp } from './datagrams.ts'
import { answerDhcp, isAck, type Lease } from './dhcp.ts'
import { DnsServer } from './dns.ts'
import { type SinkholeListener, type SinkholeRequest, shownHex, shownText } from '../../contract/entry.ts'
import { FrameLink } from './frame-link.ts'
import { NameAddresses } from './name-addresses.ts'
import {
  type Ethernet,
  ETHERTYPE,
  ethernet,
  type Ipv4,
  ipv4,
  PROTOCOL,
  readEthernet,
  readFirstFragment,
  readIpv4,
} from './packet.ts'
import { SinkholeCapture } from './sinkhole-capture.ts'
import { answerDns, serveTcp } from './tcp-service.ts'
import { TcpServer } from './tcp-server.ts'

const DHCP = { server: 67, client: 68 } as const
const DNS_PORT = 53
const MOST_CONNECTIONS = 512
const IDLE_MS = 120_000
const EVERYBODY = '255.255.255.255'
const EVERY_CARD = 'ff:ff:ff:ff:ff:ff'

/**
 * A network for one guest that ends in this process: it has everything that a guest looks for, at every address, and no
 * way out, for it opens no socket. The guest's requests go to listeners.
 */
export class Sinkhole {
  readonly #lease: Lease
  /** Every address but the guest's own is here. */
  readonly #everyAddress = { has: (address: string) => address !== this.#lease.guest }
  readonly #names = new NameAddresses()
  readonly #dns = new DnsServer((name) => this.#names.of(name))
  readonly #listeners = new Set<SinkholeListener>()
  readonly #captures = new Set<SinkholeCapture>()
  #link: FrameLink | undefined
  #tcp: TcpServer | undefined
  #guestMac = EVERY_CARD
  #isLeased = false

  constructor(lease: Lease) {
    this.#lease = lease
  }

  /** A sinkhole in a subnet of its own, which no other guest sees. */
  static inSubnet({ firstGuest, host }: Pick<Subnet, 'firstGuest' | 'host'>): Sinkhole {
    return new Sinkhole({
      guest: firstGuest,
      host,
      netmask: '255.255.255.0',
      router: host,
      nameServer: host,
    })
  }

  /** Takes the frames of a guest that has just been started, in place of those before. */
  connect(socket: Duplex): void {
    this.disconnect()
    const link = new FrameLink(socket, (frame) => this.#receive(frame))
    this.#link = link
    this.#tcp = this.#serveTcp()
    // The guest has ended: what its connections have said is all.
    socket.once('close', () => {
      if (this.#link === link) this.disconnect()
    })
  }

  /** A guest has ended whose frames come on the same way when it is started again: what its connections have said is all. */
  guestEnded(): void {
    this.#isLeased = false
    this.#tcp?.close()
    this.#tcp = this.#serveTcp()
  }

  /** The address that the guest has by DHCP. */
  get leases(): readonly InterfaceAddresses[] {
    if (!this.#isLeased) return []
    const address = { type: 'ipv4', addr: this.#lease.guest, prefix: 24 } as const
    return [{ name: 'sinkhole', hwaddr: this.#guestMac, addrs: [address] }]
  }

  #serveTcp(): TcpServer {
    return new TcpServer((packet) => this.#send(packet), {
      most: MOST_CONNECTIONS,
      opened: (connection) => {
        connection.accept()
        serveTcp(connection, this.#dns, this.#record)
      },
      refused: ({ address, port }) =>
        this.#record({ kind: 'refused', address, port, what: 'a TCP connection: too many are open' }),
      quietMs: IDLE_MS,
      quiet: (connection) => connection.destroy(),
    })
  }

  disconnect(): void {
    this.#tcp?.close()
    this.#link?.close()
    this.#link = undefined
  }

  /** Calls the listener with each request from now on. Returns what ends that. */
  listen(listener: SinkholeListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Captures every frame from now on.
   * @param beganLate whether the guest has run already
   */
  capture({ snapLength }: CaptureOptions, beganLate: boolean): PacketCapture {
    const capture: SinkholeCapture = new SinkholeCapture(snapLength, beganLate, () => {
      this.#captures.delete(capture)
    })
    this.#captures.add(capture)
    return capture
  }

  readonly #record = (request: SinkholeRequest): void => {
    for (const listener of this.#listeners) listener(request)
  }

  #receive(bytes: Buffer): void {
    for (const capture of this.#captures) capture.add(bytes)
    const frame = readEthernet(bytes)
    if (frame === undefined) return
    if (frame.type === ETHERTYPE.arp) {
      const answer = answerArp(frame, this.#everyAddress)
      if (answer !== undefined) this.#transmit(answer)
    }
    if (frame.type === ETHERTYPE.ipv4) this.#receiveIpv4(frame)
  }

  #receiveIpv4({ source, payload }: Ethernet): void {
    const packet = readIpv4(payload)
    if (packet === undefined) return this.#recordFragment(payload)
    this.#guestMac = source
    if (packet.protocol === PROTOCOL.tcp) this.#tcp?.receive(packet)
    if (packet.protocol === PROTOCOL.udp) this.#receiveUdp(packet)
    if (packet.protocol !== PROTOCOL.icmp) return
    const answer = answerPing(packet)
    if (answer === undefined) return
    this.#record({ kind: 'ping', address: packet.destination })
    this.#send(answer)
  }

  /** What is too long for one frame is recorded, by its beginning, and not answered. */
  #recordFragment(bytes: Buffer): void {
    const packet = readFirstFragment(bytes)
    if (packet === undefined) return
    const { protocol, destination: address, payload } = packet
    if (protocol === PROTOCOL.icmp && isEchoRequest(payload)) this.#record({ kind: 'ping', address })
    const datagram = protocol === PROTOCOL.udp ? readFirstOfUdp(packet) : undefined
    if (datagram !== undefined) this.#recordUdp(address, datagram)
  }

  #receiveUdp(packet: Ipv4): void {
    const datagram = readUdp(packet)
    if (datagram === undefined) return
    const { sourcePort, port, payload } = datagram
    const { source, destination: address } = packet
    const back = (message: Buffer) => ({ sourcePort: port, port: sourcePort, payload: message })
    if (port === DHCP.server && sourcePort === DHCP.client) {
      const answer = answerDhcp(payload, this.#lease)
      if (answer === undefined) return
      if (isAck(answer)) this.#isLeased = true
      return this.#send(udp(this.#lease.host, EVERYBODY, back(answer)))
    }
    const answer = port === DNS_PORT ? answerDns(this.#dns, payload, address, this.#record) : undefined
    if (answer !== undefined) this.#send(udp(address, source, back(answer.message)))
    if (answer?.isWhole === true) return
    this.#recordUdp(address, { port, payload, bytes: payload.length })
  }

  #recordUdp(address: string, { port, payload, bytes }: Pick<Udp, 'port' | 'payload'> & { bytes: number }) {
    const first = { first_hex: shownHex(payload), first_text: shownText(payload) }
    this.#record({ kind: 'data', protocol: 'udp', address, port, bytes, ...first })
  }

  #send(packet: Ipv4): void {
    this.#transmit(ethernet(this.#guestMac, ETHERTYPE.ipv4, ipv4(packet)))
  }

  #transmit(frame: Buffer): void {
    for (const capture of this.#captures) capture.add(frame)
    this.#link?.send(frame)
  }
}
