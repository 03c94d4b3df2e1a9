import { agentFloods } from './agent-floods.ts'
import { exhaustedGuests } from './exhausted-guests.ts'
import { guestEnds } from './guest-ends.ts'
import { hostileNames } from './hostile-names.ts'
import type { HostileRow } from './hostile-row.ts'
import { manyFiles } from './many-files.ts'
import { networkFloods } from './network-floods.ts'
import { serialFloods } from './serial-flood.ts'

export const hostileRows: readonly HostileRow[] = [
  ...agentFloods,
  ...serialFloods,
  ...exhaustedGuests,
  ...guestEnds,
  ...hostileNames,
  ...manyFiles,
  ...networkFloods,
]
