import { Duplex } from 'node:stream'
import { ETHERTYPE, ethernet, type Ipv4, ipv4, PROTOCOL, readEthernet, readIpv4 } from '../packet.ts'
import { FLAG, readTcp, tcp, type TcpSegment } from '../tcp-segment.ts'

/** The card of a guest with an address, at QEMU's end of a socket, and what came back to it. */
export function fakeCard(address: string) {
  const frames: Buffer[] = []
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      frames.push(chunk.subarray(4))
      done()
    },
  })
  const raw = (bytes: Buffer) => socket.push(bytes)
  const send = (frame: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    raw(Buffer.concat([length, frame]))
  }
  const sendIp = (packet: Ipv4) => send(ethernet('52:55:0a:00:02:02', ETHERTYPE.ipv4, ipv4(packet)))
  const packets = () =>
    frames.flatMap((frame) => readIpv4(readEthernet(frame)?.payload ?? Buffer.alloc(0)) ?? [])
  const segments = () =>
    packets().flatMap((packet) => (packet.protocol === PROTOCOL.tcp ? (readTcp(packet) ?? []) : []))
  const sendTcp = (to: string, segment: Partial<TcpSegment>) =>
    sendIp(
      tcp(address, to, {
        sourcePort: 1000,
        port: 80,
        sequence: 0,
        acknowledged: 0,
        flags: FLAG.ack,
        window: 65_535,
        payload: Buffer.alloc(0),
        ...segment,
      }),
    )
  return { socket, frames, raw, send, sendIp, sendTcp, packets, segments }
}
