import { childOf } from '../../../../common/xml-elements.ts'
import { type DomainPart, has } from './domain-part.ts'

export const memoryAndFolders: readonly DomainPart[] = [
  {
    path: ['devices', 'memory'],
    which: 'of model `nvdimm` or `virtio-pmem`, unless it is `<readonly/>`',
    fate: 'refused',
    words: "the guest writes to the host's file for good",
    isMeant: (memory) => {
      if (!has('model', 'nvdimm', 'virtio-pmem')(memory)) return false
      const target = childOf(memory, 'target')
      return target === undefined || childOf(target, 'readonly') === undefined
    },
  },
  {
    path: ['devices', 'memory'],
    which: 'of model `dimm`, `virtio-mem` and others',
    fate: 'left',
    words: 'a template has none',
  },
  { path: ['devices', 'shmem'], fate: 'refused', words: 'guests would share memory with each other' },
  {
    path: ['devices', 'filesystem'],
    which: 'with `<source socket=…>`',
    fate: 'refused',
    words: 'one program would serve several guests: let libvirt start it, with `<source dir=…>`',
    isMeant: (filesystem) => childOf(filesystem, 'source')?.hasAttribute('socket') === true,
  },
  {
    path: ['devices', 'filesystem'],
    fate: 'left',
    words:
      "the folder is the user's and all environments share it: of a QEMU guest the warning `DISK_NOT_COMPARED`, unless it is `<readonly/>`",
  },
  {
    path: ['memoryBacking'],
    fate: 'left',
    words: 'libvirt gives each domain files of its own; a template has none',
  },
]
