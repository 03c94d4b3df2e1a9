import { expect, test } from 'vitest'
import { addRegistryChanges, noRegistryChanges } from './registry-changes.ts'
import { parseHive, unquoted } from './registry-hive.ts'

const BEFORE = `/,KEY,,1970-01-01 00:00:00
/Run,KEY,,2026-01-01 00:00:00
/Run/same,SZ,x,
/Run/changed,SZ,x,
/Run/gone,DWORD,0x00000001,
/Old,KEY,,2026-01-01 00:00:00
`
const AFTER = `/,KEY,,1970-01-01 00:00:00
/Run,KEY,,2026-02-03 04:05:06
/Run/same,SZ,x,
/Run/changed,EXPAND_SZ,y,
/Run/,SZ,default,
/New%2C key,KEY,,2026-01-01 00:00:00
`

const key = (name: string) => `HKEY_LOCAL_MACHINE\\SOFTWARE\\${name}`

test('tells keys and values that are new, changed and gone', () => {
  const changes = noRegistryChanges()
  const place = { hive: '/Windows/System32/config/SOFTWARE', root: String.raw`HKEY_LOCAL_MACHINE\SOFTWARE` }
  expect(addRegistryChanges(changes, place, parseHive(BEFORE), parseHive(AFTER))).toBe(true)
  const { hive } = place
  const [mtime, original_mtime] = ['2026-02-03T04:05:06Z', '2026-01-01T00:00:00Z']
  const original = { original_type: 'SZ', original_data: 'x' }
  expect(changes).toEqual({
    created_keys: [{ hive, key: key('New, key') }],
    modified_keys: [{ hive, key: key('Run'), mtime, original_mtime }],
    deleted_keys: [{ hive, key: key('Old') }],
    created_values: [{ hive, key: key('Run'), value: '', type: 'SZ', data: 'default' }],
    modified_values: [{ hive, key: key('Run'), value: 'changed', type: 'EXPAND_SZ', data: 'y', ...original }],
    deleted_values: [
      { hive, key: key('Run'), value: 'gone', original_type: 'DWORD', original_data: '0x00000001' },
    ],
  })
})

test('cuts data short, and says when there is more than is kept', () => {
  const changes = noRegistryChanges()
  const values = Array.from({ length: 20_001 }, (_, index) => `/v${index},SZ,${'x'.repeat(2000)},\n`)
  const hive = parseHive(`/,KEY,,1970-01-01 00:00:00\n${values.join('')}`)
  expect(addRegistryChanges(changes, { hive: '/h', root: 'R' }, undefined, hive)).toBe(false)
  expect(changes.created_values).toHaveLength(20_000)
  expect(changes.created_values[0]).toMatchObject({ key: 'R', value: 'v0', data: `${'x'.repeat(1024)}…` })
})

test.each([
  ['plain', 'plain'],
  ['a%2C %22b%22', 'a, "b"'],
  ['d%00%C3%00%A9%00%00%00', 'dÃ©'],
  ['%FF%FE%FD', '\xff\xfe\xfd'],
  ['%C3%A9', 'é'],
])('%s stands for %j', (quoted, text) => {
  expect(unquoted(quoted)).toBe(text)
})

test.each(['/x,KEY', '/x,SZ,a,b,c', 'x'])('refuses the line %j', (line) => {
  expect(() => parseHive(line)).toThrow('not a line of reglookup')
})
