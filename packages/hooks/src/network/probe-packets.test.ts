import type { ProbeTraffic } from '@see/core'
import { expect, test } from 'vitest'
import { Packet } from './packet.ts'
import { ProbePackets } from './probe-packets.ts'

const NAME = 'see-isolation-c0ffee.invalid'
const GUEST = '10.200.1.15'
const probe: Pick<ProbeTraffic, 'name' | 'durationMs' | 'isOurPort' | 'hasTried'> = {
  name: NAME,
  durationMs: 1000,
  isOurPort: (port) => port === 4000,
  hasTried: (address, port) => ['10.200.1.2 4000', '1.1.1.1 53'].includes(`${address} ${port}`),
}

/** A packet of the guest's, or to it. */
function packet(time: number, to: string, { isBack = false, port = 40_000, layers = {} } = {}): Packet {
  const [address = '', theirs = ''] = to.split(' ')
  const [source, destination] = isBack ? ['dst', 'src'] : ['src', 'dst']
  return new Packet({
    frame_time_epoch: [String(time)],
    frame_len: ['60'],
    frame_protocols: ['eth:ethertype:ip:tcp'],
    [`ip_${source}`]: [GUEST],
    [`ip_${destination}`]: [address],
    [`tcp_${source}port`]: [String(port)],
    [`tcp_${destination}port`]: [theirs],
    ...layers,
  })
}

test('only what begins while the probe runs is its, by the clock of the trace', () => {
  const packets = new ProbePackets([probe])
  const arp = { layers: { frame_protocols: ['eth:ethertype:arp'] } }
  const answers = [
    // Before its first packet.
    packets.take(packet(9, '1.1.1.1 53')),
    packets.take(packet(9, '10.200.1.2', arp)),
    packets.take(packet(10, '10.200.1.2 4000')),
    packets.take(packet(10.5, '1.1.1.1 53', { port: 40_001 })),
    packets.take(packet(10.6, '10.200.1.2', arp)),
    packets.take(packet(10.6, '10.200.1.2 22')),
    packets.take(packet(11.5, '1.1.1.1 53', { port: 40_001, isBack: true })),
    // After its end: of a sample, which cannot hide there.
    packets.take(packet(11.5, '1.1.1.1 53', { port: 40_002 })),
    packets.take(packet(11.5, '10.200.1.2 4000', { port: 40_003 })),
    packets.take(packet(14, '1.1.1.1 53', { port: 40_001 })),
  ]
  expect(answers).toEqual([false, false, true, true, true, false, true, false, false, false])
  expect([packets.packets, packets.bytes]).toEqual([4, 240])
})

test('the name that it looks up marks it as well', () => {
  const packets = new ProbePackets([probe])
  const layers = { dns_qry_name: [NAME] }
  expect(packets.take(packet(10, '10.200.1.3 53', { layers }))).toBe(true)
  expect(packets.take(packet(10, '1.1.1.1 53', { port: 40_001 }))).toBe(true)
})

test('without a probe nothing is its', () => {
  expect(new ProbePackets([]).take(packet(10, '10.200.1.2 4000'))).toBe(false)
})
