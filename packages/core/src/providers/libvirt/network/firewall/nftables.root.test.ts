import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { rangeOf } from '../../../../common/subnet.ts'
import { sunkTable } from '../../lxc/sunk-table.ts'
import { slotsOf } from '../address/network-slot.ts'
import { sharedNetworkRules } from '../shared/shared-network-rules.ts'
import { noLanRules, withoutNoLanTable } from './no-lan-rules.ts'

/** Runs nft in a network namespace of its own, one text after the other, and lists what there is then. */
function tablesAfter(...texts: readonly string[]): string {
  const list = 'printf %s "$text" | nft -f - || exit 1'
  const script = `for text; do ${list}; done; nft list tables`
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script, 'sh', ...texts], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

const uuid = '1a2b3c4d-2222-4333-8444-555555555555'
const name = `see-${uuid}`
const table = {
  name,
  bridge: 'virbr-1a2b3c4d',
  gateway: '10.1.0.1',
  guests: slotsOf(uuid, rangeOf('10.1.0.0', 24)),
}
const [first] = table.guests

test.each([
  ['of a network that is shared and filtered', sharedNetworkRules(table, true)],
  ['of one that is shared', sharedNetworkRules(table, false)],
  ['of one guest', noLanRules({ ...table, guests: first === undefined ? [] : [first] })],
  ['of a sinkhole', sunkTable({ name, bridge: table.bridge, devices: ['see-1a2b3c4d', 'see-1a2b3c4d-s'] })],
])('nft takes the tables %s, in place of themselves as well, and removes them', (_what, text) => {
  const both = `table bridge ${name}\ntable inet ${name}\n`
  expect(tablesAfter(text)).toBe(both)
  expect(tablesAfter(text, withoutNoLanTable(name) + text)).toBe(both)
  expect(tablesAfter(text, withoutNoLanTable(name))).toBe('')
  expect(tablesAfter(withoutNoLanTable(name))).toBe('')
})
