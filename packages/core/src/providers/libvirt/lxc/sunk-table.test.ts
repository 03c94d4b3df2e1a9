import { expect, test } from 'vitest'
import { sunkTable } from './sunk-table.ts'

test('frames of either port enter the host in no way, and none leave it', () => {
  const text = sunkTable({ name: 'see-1', bridge: 'virbr-1', devices: ['see-1', 'see-1-s'] })
  const tables = text.split(/^(?=table )/m)
  expect(tables.map((each) => each.split(' {')[0])).toEqual(['table bridge see-1', 'table inet see-1'])
  const [frames = '', packets = ''] = tables
  expect(frames).toMatch(/hook input priority filter\s+iifname \{ "see-1", "see-1-s" \} drop/)
  expect(frames).toMatch(/hook output priority filter\s+oifname \{ "see-1", "see-1-s" \} drop/)
  expect(frames).not.toContain('forward')
  expect(packets).toContain('iifname { "see-1", "see-1-s" } drop')
  expect(packets).toContain('iifname "virbr-1" notrack')
  expect(text).not.toContain('accept')
})
