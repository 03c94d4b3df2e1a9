import { assert, integer, property, uint8Array } from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addRegistryChanges, noRegistryChanges } from './registry-changes.ts'
import { readHive } from './registry-hive.ts'
import { emptyHive, mergeIntoHive } from '../../testing/registry-hive.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'

const PLACE = { hive: '/h', root: 'R' }

test('more changes than are kept are cut, and data is', async () => {
  await using temporary = await temporaryFolder()
  const path = emptyHive(join(temporary.path, 'hive'))
  const values = Array.from({ length: 20_001 }, (_, index) => `"v${index}"="${'x'.repeat(30)}"`)
  const long = `"long"="${'y'.repeat(2000)}"`
  const { root } = readHive(readFileSync(mergeIntoHive(path, `[\\Key]\n${long}\n${values.join('\n')}`)))
  const changes = noRegistryChanges()
  expect(addRegistryChanges(changes, PLACE, undefined, root)).toEqual({ isCut: true, problems: [] })
  expect(changes.created_keys).toEqual([{ hive: '/h', key: 'R\\Key' }])
  expect(changes.created_values).toHaveLength(20_000)
  expect(changes.created_values[0]).toMatchObject({ value: 'long', data: `${'y'.repeat(1024)}…`, size: 4002 })
})

test('data in segments is read whole', async () => {
  await using temporary = await temporaryFolder()
  const path = emptyHive(join(temporary.path, 'hive'))
  const bytes = readFileSync(path)
  expect(readHive(bytes).root.name).toBe('ROOT')
  const text = Array.from({ length: 15_000 }, (_, index) => (index % 256).toString(16).padStart(2, '0')).join(
    ',',
  )
  const { root } = readHive(readFileSync(mergeIntoHive(path, `[\\Key]\n"big"=hex:${text}`)))
  const [value] = root.subkeys().found[0]?.values().found ?? []
  expect(value?.data).toEqual(Buffer.from(text.replaceAll(',', ''), 'hex'))
})

test('no bytes of a hive, however broken, do more than be a problem', async () => {
  await using temporary = await temporaryFolder()
  const hive = mergeIntoHive(
    emptyHive(join(temporary.path, 'hive')),
    '[\\A]\n"a"="1"\n\n[\\A\\B]\n"b"=dword:00000002\n\n[\\C]',
  )
  const whole = readFileSync(hive)
  const { root } = readHive(whole)
  assert(
    property(
      integer({ min: 0, max: whole.length - 8 }),
      uint8Array({ minLength: 1, maxLength: 8 }),
      (at, noise) => {
        const broken = Buffer.from(whole)
        broken.set(noise, at)
        let after: ReturnType<typeof readHive>
        try {
          after = readHive(broken)
        } catch {
          return
        }
        addRegistryChanges(noRegistryChanges(), PLACE, root, after.root)
      },
    ),
    { numRuns: 3000 },
  )
})

test('a key that is its own subkey ends', async () => {
  await using temporary = await temporaryFolder()
  const whole = readFileSync(mergeIntoHive(emptyHive(join(temporary.path, 'hive')), '[\\Loop]\n'))
  const root = whole.readUInt32LE(36)
  const list = whole.readUInt32LE(4096 + root + 4 + 28)
  whole.writeUInt32LE(root, 4096 + list + 4 + 4)
  const changes = noRegistryChanges()
  const { problems } = addRegistryChanges(changes, PLACE, undefined, readHive(whole).root)
  expect(problems).toEqual([`R: the cell at ${root} is referred to twice`])
})
