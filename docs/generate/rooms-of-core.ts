import type { Floor } from './room.ts'

const embedded: readonly Floor[] = [
  [
    { name: 'guest', what: 'the running guest: domain, agent, screen, memory, disks to plug' },
    { name: 'network', what: 'what its network lets through, and captures of it' },
  ],
  [{ name: 'qemu', what: 'QEMU’s arguments, its start, its end' }],
  [{ name: 'disk', what: 'the guest’s own overlay' }],
  [
    { name: 'folder', what: 'the folder of a run' },
    { name: 'configuration', what: 'its keys' },
  ],
  [{ name: 'limits', what: 'control groups' }],
]

const libvirtNetwork: readonly Floor[] = [
  [{ name: 'shared', what: 'one network of a host for many environments' }],
  [{ name: 'removal', what: 'removing a network, and what libvirt left of it' }],
  [{ name: 'firewall', what: 'the rules that block a guest’s access to local networks' }],
  [{ name: 'definition', what: 'a network’s XML and its creation' }],
  [{ name: 'address', what: 'subnets and addresses' }],
]

const libvirt: readonly Floor[] = [
  [
    {
      name: 'qemu',
      what: 'QEMU through libvirt',
      floors: [
        [
          { name: 'template', what: 'freezing and cloning through libvirt' },
          { name: 'jail', what: 'the jail of a QEMU that libvirt starts' },
        ],
      ],
    },
    { name: 'lxc', what: 'containers through libvirt' },
    { name: 'vbox', what: 'VirtualBox through libvirt' },
  ],
  [{ name: 'left', what: 'undoing and finding what killed processes left with libvirt' }],
  [
    { name: 'network', what: 'the networks of an environment', floors: libvirtNetwork },
    { name: 'storage', what: 'storage pools and the disks in them' },
    { name: 'findings', what: 'what `npx see check` looks at for libvirt' },
  ],
  [
    { name: 'domain', what: 'defining and watching a domain' },
    { name: 'findings', what: 'what `npx see check` looks at on this host' },
  ],
  [
    {
      name: 'xml',
      what: 'the user’s XML, and what becomes of it',
      floors: [[{ name: 'parts', what: 'what happens to each part of a domain’s XML' }]],
    },
  ],
  [{ name: 'daemon', what: 'connections for undoing, kinds of what is recorded, whose an object is' }],
]

const providers: readonly Floor[] = [
  [
    { name: 'embedded', what: 'QEMU as a child of SEE', without: ['@see/libvirt'], floors: embedded },
    { name: 'libvirt', what: 'whatever libvirt runs', floors: libvirt },
  ],
  [
    { name: 'sinkhole', what: 'a network that answers everything and leads nowhere' },
    { name: 'limits', what: 'what a guest may use of this host: the keys, and the watch over it' },
  ],
]

export const coreRooms: readonly Floor[] = [
  [
    { name: 'environment', what: 'allocation and deallocation of a case; the warm pool' },
    { name: 'freezing', what: 'building a template' },
    { name: 'prepare', what: '`npx see guest prepare`: what a guest needs, installed into it' },
  ],
  [
    {
      name: 'reaper',
      what: 'finds and undoes what killed processes left; the keeper that does so within a moment',
    },
  ],
  [{ name: 'providers', what: 'what makes sandboxes, and the one list of it', floors: providers }],
  [
    { name: 'hooks', what: 'hooks, their manager and configuration' },
    { name: 'samples', what: 'what a sample is, and how it gets into a guest' },
  ],
  [
    { name: 'context', what: 'the observable sandbox, and the factory that makes it' },
    { name: 'images', what: 'image providers and their cache' },
    { name: 'guests', what: 'the store of built guests' },
  ],
  [
    { name: 'templates', what: 'the frozen guest on disk, and its clones' },
    { name: 'isolation', what: 'what a guest is isolated from, tried out by a probe in it' },
    { name: 'readiness', what: 'waiting for a guest, and why one is not ready' },
  ],
  [{ name: 'disks', what: 'disk images: their headers, chains and overlays' }],
  [{ name: 'ledger', what: 'what is made outlives its process: recorded before, with who owns it' }],
  [
    { name: 'guest-agent', what: 'the QEMU guest agent’s protocol' },
    { name: 'host', what: 'programs, processes, locks and free space of this host' },
  ],
  [{ name: 'events', what: 'events, subscriptions, turns' }],
  [{ name: 'contract', what: 'what a provider has to offer: resources, domain, agent, image provider' }],
  [{ name: 'configuration', what: 'configuration files, names of modules, legacy keys' }],
  [{ name: 'common', what: 'errors, log, waiting, release stack, XML, addresses' }],
]
