import { join } from 'node:path'
import { embeddedFactory, qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { boot } from './boot.ts'
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
const throughLibvirt = () => qemuFactory(join(tinyGuest(), 'resources.json'))
const embedded = () => embeddedFactory(join(tinyGuest(), 'embedded.json'))

/** All that can be measured, in the order of the table. */
export function scenarios(): Scenario[] {
  return [
    python(),
    boot('libvirt-cold', COLD, throughLibvirt, { against: PYTHON }),
    boot('embedded-cold', EMBEDDED, embedded, { against: COLD }),
    saveRestore(COLD),
    warmPool('libvirt-pool', 'warm pool, libvirt', throughLibvirt, COLD),
    warmPool('embedded-pool', 'warm pool, embedded', embedded, EMBEDDED),
    throughput(),
    memory('libvirt-memory', 'libvirt, cold boot', throughLibvirt, { count: 3 }),
    memory('embedded-memory', 'embedded, cold boot', embedded, { count: 3 }),
    overhead(),
    events(),
  ]
}
