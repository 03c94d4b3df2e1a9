import { agentFloods } from './agent-floods.ts'
import { exhaustedGuests } from './exhausted-guests.ts'
import { guestEnds } from './guest-ends.ts'
import { hostileNames } from './hostile-names.ts'
import type { HostileRow } from './hostile-row.ts'
import { manyFiles } from './many-files.ts'
import { networkFloods } from './network-floods.ts'
import { serialFloods } from './serial-flood.ts'
import { untilDeadline } from './until-deadline.ts'

const rows: readonly HostileRow[] = [
  ...agentFloods,
  ...serialFloods,
  ...exhaustedGuests,
  ...guestEnds,
  ...hostileNames,
  ...manyFiles,
  ...networkFloods,
]

/** Which are also run until the deadline. */
const PERSISTENT = new Set([
  'agent: empty lines',
  'agent: silence',
  'serial flood',
  'fork bomb',
  'reboot loop',
  'ACPI ignored',
  'raw frames',
  'raw frames, sinkhole',
])

export const hostileRows: readonly HostileRow[] = [
  ...rows,
  ...rows.filter(({ name }) => PERSISTENT.has(name)).map(untilDeadline),
]
