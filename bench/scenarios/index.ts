import { qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { boot } from './boot.ts'
import { events } from './events.ts'
import { memory } from './memory.ts'
import { overhead } from './overhead.ts'
import { python } from './python.ts'
import { saveRestore } from './save-restore.ts'
import { throughput } from './throughput.ts'
import { tinyGuestResources } from './tiny-guest.ts'
import { warmPool } from './warm-pool.ts'

const COLD = 'libvirt, cold boot: agent answers'
const throughLibvirt = () => qemuFactory(tinyGuestResources())

/** All that can be measured, in the order of the table. */
export function scenarios(): Scenario[] {
  const against = { against: 'python3-libvirt, cold boot: agent answers' }
  return [
    python(),
    boot('libvirt-cold', COLD, throughLibvirt, against),
    saveRestore(COLD),
    warmPool('libvirt-pool', 'warm pool, libvirt', throughLibvirt, COLD),
    throughput(),
    memory('libvirt-memory', 'libvirt, cold boot', throughLibvirt, { count: 3 }),
    overhead(),
    events(),
  ]
}
