import { join } from 'node:path'
import { embeddedFactory, qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { beside } from './beside.ts'
import { boot } from './boot.ts'
import { embeddedClones, libvirtClones } from './clones.ts'
import { crowd } from './crowd.ts'
import { events } from './events.ts'
import { imageChain } from './image-chain.ts'
import { isolation } from './isolation.ts'
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
const LIBVIRT_CLONE = 'libvirt, clone of a template: agent answers'
const LIBVIRT_CLONE_BESIDE = 'libvirt, clone beside another environment: agent answers'
const throughLibvirt = () => qemuFactory(join(tinyGuest(), 'resources.json'))
const embedded = () => embeddedFactory(join(tinyGuest(), 'embedded.json'))

/** All that can be measured, in the order of the table. */
export function scenarios(): Scenario[] {
  return [
    python(),
    boot('libvirt-cold', COLD, throughLibvirt, { against: PYTHON }),
    boot('embedded-cold', EMBEDDED, embedded, { against: COLD }),
    embeddedClones.of(
      boot('clone', CLONE, embeddedClones.factory, { against: EMBEDDED, promise: { most: 250, times: 16 } }),
    ),
    libvirtClones.of(
      boot('libvirt-clone', LIBVIRT_CLONE, libvirtClones.factory, {
        against: COLD,
        promise: { most: 800, times: 5 },
      }),
    ),
    libvirtClones.of(
      beside(
        libvirtClones.factory,
        boot('libvirt-clone-beside', LIBVIRT_CLONE_BESIDE, libvirtClones.factory, {
          against: COLD,
          promise: { most: 800, times: 5 },
        }),
      ),
    ),
    saveRestore(COLD),
    warmPool('libvirt-pool', 'warm pool, libvirt', throughLibvirt, COLD),
    embeddedClones.of(warmPool('clone-pool', 'warm pool of clones', embeddedClones.factory, EMBEDDED)),
    throughput(),
    memory('libvirt-memory', 'libvirt, cold boot', throughLibvirt, { count: 3 }),
    embeddedClones.of(
      memory('clone-memory', 'clones', embeddedClones.factory, {
        count: 8,
        pss: { most: 60 },
        private: { most: 45 },
      }),
    ),
    embeddedClones.of(crowd('crowd', 'clones', embeddedClones.factory)),
    embeddedClones.of(isolation('isolation', 'embedded clone, restricted', embeddedClones.factory)),
    libvirtClones.of(isolation('libvirt-isolation', 'libvirt clone, nat-no-lan', libvirtClones.factory)),
    overhead(),
    imageChain(),
    events(),
  ]
}
