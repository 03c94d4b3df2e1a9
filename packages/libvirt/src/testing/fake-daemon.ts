import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KEEPALIVE_PING, KEEPALIVE_PONG, KEEPALIVE_PROGRAM } from '../rpc/keepalive.ts'
import { MessageType, PacketParser, type Packet } from '../protocol/packet.ts'
import { FakeCall } from './fake-call.ts'
import { FakePeer } from './fake-peer.ts'
import { decodeArgs, procedureName, type AnyArgsOf, type AnyCallName } from './any-call.ts'

type Handler = (call: Packet, peer: FakePeer) => void

/**
 * A daemon on a Unix socket that speaks real bytes and does what a test asks for: answer, stay silent, cut packets in
 * the middle, lie. By default it opens any connection, says that it knows keepalive, and answers pings; a call
 * without a handler stays without an answer.
 */
export class FakeDaemon implements AsyncDisposable {
  readonly socketPath: string
  /** `test+unix:///default?socket=…` */
  readonly uri: string
  /** Every connection ever made, in order. */
  readonly peers: FakePeer[] = []
  /** The names of the calls received, in order. */
  readonly received: string[] = []
  /** Whether pings are answered. */
  answersPings = true
  /** How many pings arrived, and how many pongs. */
  pings = 0
  pongs = 0
  /** What AUTH_LIST says: 0 none, 1 SASL, 2 polkit. */
  authTypes: number[] = [0]
  /** Takes the stream packets. */
  onStreamPacket: (packet: Packet, peer: FakePeer) => void = () => {}

  readonly #folder: string
  readonly #server: Server
  readonly #handlers = new Map<string, Handler>()

  private constructor(folder: string) {
    this.#folder = folder
    this.socketPath = join(folder, 'libvirt-sock')
    this.uri = `test+unix:///default?socket=${this.socketPath}`
    this.#server = createServer((socket) => this.#accept(socket))
    this.on('AUTH_LIST', (call) => call.reply({ types: this.authTypes }))
    this.on('CONNECT_SUPPORTS_FEATURE', (call) => call.reply({ supported: 1 }))
    this.on('CONNECT_OPEN', (call) => call.reply(undefined))
    this.on('CONNECT_CLOSE', (call) => call.reply(undefined))
  }

  static async start(): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(await mkdtemp(join(tmpdir(), 'see-fake-libvirtd-')))
    await new Promise<void>((resolve, reject) => {
      daemon.#server.once('error', reject)
      daemon.#server.listen(daemon.socketPath, resolve)
    })
    return daemon
  }

  /** Says what happens at a call of this procedure. */
  on<N extends AnyCallName>(name: N, handler: (call: FakeCall<N>, args: AnyArgsOf<N>) => void): void {
    this.#handlers.set(name, (packet, peer) =>
      handler(new FakeCall(name, packet, peer), decodeArgs(name, packet.body)),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #accept(socket: Socket): void {
    const peer = new FakePeer(socket)
    this.peers.push(peer)
    const parser = new PacketParser()
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      parser.push(chunk)
      for (let packet = parser.next(); packet !== undefined; packet = parser.next())
        this.#receive(packet, peer)
    })
  }

  #receive(packet: Packet, peer: FakePeer): void {
    if (packet.program === KEEPALIVE_PROGRAM) {
      if (packet.procedure === KEEPALIVE_PONG) this.pongs++
      if (packet.procedure !== KEEPALIVE_PING) return
      this.pings++
      if (this.answersPings) peer.keepalive(KEEPALIVE_PONG)
    } else if (packet.type === MessageType.stream) {
      this.onStreamPacket(packet, peer)
    } else {
      const name = procedureName(packet.program, packet.procedure)
      this.received.push(name)
      this.#handlers.get(name)?.(packet, peer)
    }
  }
}
