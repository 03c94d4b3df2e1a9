import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Configuration } from './configuration.ts'
import { SeeError } from '../common/errors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-configuration-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(text: string): Promise<string> {
  const path = join(folder, 'configuration.json')
  await writeFile(path, text)
  return path
}

function refused(run: () => unknown): SeeError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(SeeError)
    return error as SeeError
  }
  throw new Error('it was accepted')
}

describe('a file', () => {
  test('gives its value and the folder it is in', async () => {
    const configuration = Configuration.load(await file('{"a": [1, {"b": null}]}'))
    expect(configuration.value).toEqual({ a: [1, { b: null }] })
    expect(configuration.folder).toBe(folder)
  })

  test('may begin with a byte order mark', async () => {
    expect(Configuration.load(await file('\uFEFF{"a": 1}')).value).toEqual({ a: 1 })
  })

  test('that is missing is named', () => {
    const path = join(folder, 'missing.json')
    const error = refused(() => Configuration.load(path))
    expect(error.code).toBe('FILE_UNREADABLE')
    expect(error.message).toContain(path)
    expect(error.cause).toMatchObject({ code: 'ENOENT' })
    expect(refused(() => Configuration.load(folder)).code).toBe('FILE_UNREADABLE')
  })

  test.each([
    ['', '1:1'],
    ['{"a": 1,\n "b": 2\n "c": 3}', '3:2'],
    ['{"a": 1,\n "b": 2,\n}', '3:1'],
    ['{"a": 1}\n}', '2:1'],
    ['{\n  // no comments\n  "a": 1}', '2:3'],
    ["{\n  'a': 1}", '2:3'],
  ])('of %j is malformed at %s', async (text, place) => {
    const path = await file(text)
    const error = refused(() => Configuration.load(path))
    expect(error.code).toBe('CONFIGURATION_INVALID')
    expect(error.message).toContain(`${path}:${place}: malformed JSON: `)
  })

  test('is read as JSON is, whatever it holds', async () => {
    const jsonish = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().map((text) => text.slice(1)),
    )
    await fc.assert(
      fc.asyncProperty(jsonish, async (text) => {
        const path = await file(text)
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(refused(() => Configuration.load(path)).code).toBe('CONFIGURATION_INVALID')
          return
        }
        expect(Configuration.load(path).value).toEqual(expected)
      }),
      { numRuns: 100 },
    )
  })
})

describe('parsing', () => {
  const schema = z.strictObject({
    disk: z.strictObject({ image: z.string() }),
    list: z.array(z.strictObject({ name: z.string(), size: z.number().optional() })).default([]),
  })
  const good = '{"disk": {"image": "a"}, "list": [{"name": "b"}]}'

  test.each([
    ['a wrong type', '{\n  "disk": {\n    "image": 7\n  }\n}', ':3:5: "disk.image": '],
    ['a missing key, in what lacks it', '{\n  "disk": {}\n}', ':2:3: "disk.image" is missing'],
    ['an unknown key', '{\n  "disk": {"image": "a",\n  "imag": "b"}}', ':3:3: unknown key "disk.imag"'],
    [
      'a wrong element, at the element',
      '{"disk": {"image": "a"}, "list": [{"name": "b"},\n  {}]}',
      ':2:3: "list.1.name" is missing',
    ],
    [
      'an unknown key of an element',
      '{"disk": {"image": "a"}, "list": [{"name": "b"},\n  {"name": "c", "nam": 1}]}',
      ':2:17: unknown key "list.1.nam"',
    ],
    ['a file that is not an object', '\n [1]', ':2:2: '],
  ])('%s is found by file, line and column', async (_what, text, expected) => {
    const path = await file(text)
    const configuration = Configuration.load(path)
    const error = refused(() => configuration.parse(schema))
    expect(error.code).toBe('CONFIGURATION_INVALID')
    expect(error.message).toContain(`${path}${expected}`)
  })

  test('a schema that has no JSON Schema still has its problems named', () => {
    const twice = [1, 2].map(() => z.strictObject({ key: z.string().optional() }).meta({ id: 'twice' }))
    const [one = z.never(), other = z.never()] = twice
    const own = z.strictObject({
      one,
      other,
      missing: z.string().describe('What is missing.'),
    })
    const { message } = refused(() => Configuration.load({ one: { ky: 1 }, other: {} }).parse(own))
    expect(message).toBe(
      'configuration: unknown key "one.ky" (known: none)\nconfiguration: "missing" is missing',
    )
  })

  test('every problem is named', async () => {
    const configuration = Configuration.load(await file('{"disk": {"imag": 1}, "other": 2}'))
    const { message } = refused(() => configuration.parse(schema))
    expect(message.split('\n')).toHaveLength(3)
    for (const name of ['"disk.image"', '"disk.imag"', '"other"']) expect(message).toContain(name)
  })

  test('without a file, by its path alone', () => {
    const { message } = refused(() => Configuration.load({ disk: { image: 7 } }).parse(schema))
    expect(message).toMatch(/^configuration: "disk.image": /)
  })

  test('results share nothing with one another or with the object given', async () => {
    const given = { loose: { list: [1] } }
    const loose = z.looseObject({ loose: z.unknown() })
    const configuration = Configuration.load(given)
    const one = configuration.parse(loose) as typeof given
    one.loose.list.push(2)
    expect(given).toEqual({ loose: { list: [1] } })
    given.loose.list.push(3)
    expect(configuration.parse(loose)).toEqual({ loose: { list: [1] } })
    expect(Configuration.load(await file(good)).parse(schema)).toEqual(JSON.parse(good))
  })

  test('what JSON cannot hold comes through as it is', () => {
    const given = { run: () => 1, map: new Map() }
    const parsed = Configuration.load(given).parse(z.looseObject({}))
    expect(parsed['run']).toBe(given.run)
    expect(parsed['map']).toBe(given.map)
  })
})
