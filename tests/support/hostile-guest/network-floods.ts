import { expect } from 'vitest'
import { arpFlood, dhcpFlood, rawFlood, reservedFlood } from './flood-frames.ts'
import { type Flood, floodProgram } from './frame-flood.ts'
import type { HostileRow, HostileRun } from './hostile-row.ts'

const hooks = [{ name: '@see/hooks#NetworkTracerHook' }, { name: '@see/hooks#NetworkAnalysisHook' }]

/** The packets of the trace that have this protocol. */
const packets = ({ read }: HostileRun, protocol: RegExp): number =>
  read('_network.log')
    .split('\n')
    .filter((line) => protocol.test(line)).length

const says =
  (protocol: RegExp): HostileRow['says'] =>
  (run) => {
    expect(packets(run, protocol)).toBeGreaterThan(100)
  }

const floods: readonly (readonly [string, Flood, RegExp])[] = [
  ['ARP flood', arpFlood, /ARP/],
  ['DHCP flood', dhcpFlood, /DHCP/],
  ['raw frames', rawFlood, /0x88b5|IEEE802a/],
  ['reserved frames', reservedFlood, /STP|LLC/],
]

const flooding = ([name, flood, protocol]: (typeof floods)[number]): HostileRow => ({
  name,
  script: `cd "$(dirname "$0")"; for each in 1 2; do ./flood & done; sleep 600`,
  files: { flood: floodProgram(flood) },
  hooks,
  runtime: 10,
  deadline: 180,
  exitCodes: [0, 2, 3],
  says: says(protocol),
})

const inSinkhole = (row: HostileRow): HostileRow => ({
  ...row,
  name: `${row.name}, sinkhole`,
  // Through libvirt a clone has the card of its template, and no sinkhole behind it.
  resources: (guest) => ({
    ...guest,
    network: { mode: 'sinkhole' },
    ...('domain' in guest ? { template: undefined } : {}),
  }),
})

const changed: HostileRow = {
  name: 'MAC and address changed',
  script: `
ip link set eth0 down
ip link set eth0 address 02:be:ef:00:00:01
ip link set eth0 up
ip address add 192.0.2.99/24 dev eth0
ip route add default via 192.0.2.1 dev eth0
while :; do arping -c 1 -w 1 -I eth0 192.0.2.1; ping -c 1 -W 1 192.0.2.1; done`,
  hooks,
  runtime: 8,
  deadline: 180,
  exitCodes: [0, 2, 3],
  says: (run) => expect(packets(run, /192\.0\.2\.99/)).toBeGreaterThan(0),
}

const rows = [...floods.map(flooding), changed]

export const networkFloods: readonly HostileRow[] = [...rows, ...rows.map(inSinkhole)]
