import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'

/** A network device of a test's own, without another sender. */
export interface NetworkDevice extends Disposable {
  readonly name: string
  readonly macAddress: string
  /** Sends UDP datagrams out on it. */
  send(...payloads: readonly Buffer[]): Promise<void>
  /** Has an IPv4 packet with the payload come in on it, from an unused MAC address. */
  sendIn(payload: Buffer): void
}

/** Sends a frame out on a device: packet(7). */
const SEND = `use Socket; my ($device, $payload) = @ARGV;
  open my $file, "<", "/sys/class/net/$device/ifindex" or die; my $index = <$file>;
  socket(my $socket, 17, SOCK_RAW, 0) or die $!;
  my $frame = pack("H*", "0200000000020200000000ff0800") . pack("H*", $payload);
  send($socket, $frame, 0, pack("S n i S C C a8", 17, 0x0800, $index, 0, 0, 6, "")) or die $!`

const ip = (...argv: string[]) => execFileSync('ip', argv)

export function networkDevice(): NetworkDevice {
  const [first = 0, second = 0, third = 0] = randomBytes(3)
  const name = `seet${Buffer.from([first, second, third]).toString('hex')}`
  // In the range for benchmarks, which is not routed.
  const subnet = `198.${18 + (first % 2)}.${second}`
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`)
  // No packets of IPv6 among those of a test.
  for (const end of [name, `${name}p`]) ip('link', 'set', end, 'addrgenmode', 'none')
  ip('address', 'add', `${subnet}.${(third & 0xf8) | 1}/29`, 'dev', name)
  ip('link', 'set', name, 'up')
  ip('link', 'set', `${name}p`, 'up')
  const peer = `${subnet}.${(third & 0xf8) | 2}`
  ip('neighbour', 'add', peer, 'lladdr', '02:00:00:00:00:02', 'dev', name)
  return {
    name,
    macAddress: readFileSync(`/sys/class/net/${name}/address`, 'latin1').trim(),
    sendIn: (payload) => void execFileSync('perl', ['-e', SEND, `${name}p`, payload.toString('hex')]),
    send: (...payloads) => sendTo(peer, payloads),
    [Symbol.dispose]: () => void ip('link', 'delete', name),
  }
}

async function sendTo(address: string, payloads: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4')
  try {
    for (const payload of payloads) {
      await new Promise<void>((resolve, reject) => {
        socket.send(payload, 9, address, (error) => (error === null ? resolve() : reject(error)))
      })
    }
  } finally {
    socket.close()
  }
}
