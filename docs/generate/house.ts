import { cliRooms } from './rooms-of-cli.ts'
import { coreRooms } from './rooms-of-core.ts'
import { hooksRooms } from './rooms-of-hooks.ts'
import { libvirtRooms } from './rooms-of-libvirt.ts'
import { runnerRooms } from './rooms-of-runner.ts'
import { evidenceRooms } from './rooms-of-evidence.ts'
import { viewerRooms } from './rooms-of-viewer.ts'
import type { Package } from './room.ts'

/** The packages with their rooms, from the top down. `tests/rooms.test.ts` holds the sources against this table. */
export const packages: readonly Package[] = [
  {
    name: 'cli',
    what: 'the `see` command: a terminal and nothing else',
    imports: ['runner', 'hooks', 'viewer', 'core', 'libvirt'],
    floors: cliRooms,
  },
  {
    name: 'runner',
    what: 'one case from its configuration to its evidence, without a terminal',
    imports: ['hooks', 'core', 'libvirt', 'evidence'],
    floors: runnerRooms,
  },
  {
    name: 'hooks',
    what: 'the stock hooks, written against core’s public API only',
    imports: ['core', 'evidence'],
    floors: hooksRooms,
  },
  {
    name: 'viewer',
    what: 'the page of a case: `app/` is what runs in the browser, `src/` reads the evidence for it',
    imports: ['evidence'],
    modules: ['node:crypto', 'node:fs/promises'],
    floors: viewerRooms,
  },
  {
    name: 'core',
    what: 'environments, contexts, hooks, resources',
    imports: ['libvirt', 'qemu'],
    floors: coreRooms,
  },
  {
    name: 'evidence',
    what: 'the format of the evidence; no SEE and no Node, so that it runs in a browser',
    imports: [],
    modules: ['zod'],
    floors: evidenceRooms,
  },
  {
    name: 'libvirt',
    what: 'a client of libvirtd; knows nothing of SEE',
    imports: [],
    floors: libvirtRooms,
  },
  {
    name: 'qemu',
    what: 'QEMU as a supervised child, its monitor and agent; knows nothing of SEE',
    imports: [],
    floors: [],
  },
]
