import { join } from 'node:path'
import { embeddedFactory, qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { boot } from './boot.ts'
import { cloneFactory, ofClones } from './clones.ts'
import { crowd } from './crowd.ts'
import { events } from './events.ts'
import { memory } from './memory.ts'
import { overhead } from './overhead.ts'
import { python } from './python.ts'
import { saveRestore } from './save-restore.ts'
import { throughput } from './throughput.ts'
import { tinyGuest } from './tiny-guest.ts'
import { warmPool } from './warm-pool.ts'

const PYTHON = 'python3-libvirt, cold boot: agent answers'
const COLD = 'libvirt, cold boot: agent answers'
const EMBEDDED = 'embedded, cold boot: agent answers'
const CLONE = 'embedded, clone of a template: agent answers'
const throughLibvirt = () => qemuFactory(join(tinyGuest(), 'resources.json'))
const embedded = () => embeddedFactory(join(tinyGuest(), 'embedded.json'))

/** All that can be measured, in the order of the table. */
export function scenarios(): Scenario[] {
  return [
    python(),
    boot('libvirt-cold', COLD, throughLibvirt, { against: PYTHON }),
    boot('embedded-cold', EMBEDDED, embedded, { against: COLD }),
    ofClones(boot('clone', CLONE, cloneFactory, { against: EMBEDDED, promise: { most: 250, times: 16 } })),
    saveRestore(COLD),
    warmPool('libvirt-pool', 'warm pool, libvirt', throughLibvirt, COLD),
    ofClones(warmPool('clone-pool', 'warm pool of clones', cloneFactory, EMBEDDED)),
    throughput(),
    memory('libvirt-memory', 'libvirt, cold boot', throughLibvirt, { count: 3 }),
    ofClones(
      memory('clone-memory', 'clones', cloneFactory, { count: 8, pss: { most: 60 }, private: { most: 45 } }),
    ),
    ofClones(crowd('crowd', 'clones', cloneFactory)),
    overhead(),
    events(),
  ]
}
