import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'

/** A network device of a test's own, on which nobody else sends. */
export interface NetworkDevice extends Disposable {
  readonly name: string
  /** Sends UDP datagrams out on it. */
  send(...payloads: readonly Buffer[]): Promise<void>
}

const ip = (...argv: string[]) => execFileSync('ip', argv)

export function networkDevice(): NetworkDevice {
  const [first = 0, second = 0, third = 0] = randomBytes(3)
  const name = `seet${Buffer.from([first, second, third]).toString('hex')}`
  // In the range for benchmarks, which nobody routes.
  const subnet = `198.${18 + (first % 2)}.${second}`
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`)
  ip('address', 'add', `${subnet}.${(third & 0xf8) | 1}/29`, 'dev', name)
  ip('link', 'set', name, 'up')
  ip('link', 'set', `${name}p`, 'up')
  const peer = `${subnet}.${(third & 0xf8) | 2}`
  ip('neighbour', 'add', peer, 'lladdr', '02:00:00:00:00:02', 'dev', name)
  return {
    name,
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
