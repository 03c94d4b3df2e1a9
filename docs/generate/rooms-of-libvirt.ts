import type { Floor } from './room.ts'

export const libvirtRooms: readonly Floor[] = [
  [
    { name: 'objects', what: 'hypervisor, domains, networks, storage pools, and their events' },
    { name: 'generate', what: 'writes the protocol’s tables from libvirt’s files; not published' },
  ],
  [{ name: 'connections', what: 'a connection shared by its users, or one’s own' }],
  [{ name: 'rpc', what: 'calls, streams, events and keepalive on one connection' }],
  [
    { name: 'protocol', what: 'packets, XDR, the procedures and errors of libvirt' },
    { name: 'transport', what: 'a URI, and the socket that it leads to' },
  ],
  [{ name: 'common', what: 'what every room uses: UUIDs, versions, aborting' }],
]
