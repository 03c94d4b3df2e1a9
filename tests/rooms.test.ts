import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packages } from '../docs/generate/dist/house.js'
import { root } from './support/documents.ts'
import { drawnIn } from './support/drawn-house.ts'
import { refusal, roomPaths } from './support/house.ts'
import { circlesIn, importsOf, sourcesOfPackages } from './support/imports.ts'

const MOST_LINES = 250

const sources = sourcesOfPackages()
const imports = importsOf(sources)
const known = packages.map((house) => [house.name, house] as const)

test('the packages of the table are those that there are', () => {
  expect(new Set(imports.map((each) => each.package))).toEqual(new Set(packages.map(({ name }) => name)))
})

test.each(known)(
  'packages/%s: every room of the table is a folder, and every folder a room',
  (name, house) => {
    const rooms = roomPaths(house.floors)
    for (const room of rooms) expect(existsSync(join(root, `packages/${name}/src/${room}`)), room).toBe(true)
    const folders = imports
      .filter((each) => each.package === name && each.file.includes('/'))
      .map(({ file }) => file.slice(0, file.lastIndexOf('/')))
    expect([...new Set(folders)].filter((folder) => !rooms.includes(folder))).toEqual(
      house.floors.length === 0 ? expect.anything() : [],
    )
  },
)

test.each(known)(
  'packages/%s: a room imports the floors below, and nothing beside or above it',
  (name, house) => {
    const own = imports.filter((each) => each.package === name)
    expect(own.length).toBeGreaterThan(10)
    const refused = own.flatMap((each) => {
      const why = refusal(house, each)
      return why === undefined ? [] : [`${each.file} -> ${each.imported}: ${why}`]
    })
    expect(refused).toEqual([])
  },
)

test.each(known)('packages/%s: no files import one another in a circle', (name) => {
  expect(circlesIn(imports.filter((each) => each.package === name)).map(String)).toEqual([])
})

test(`no source is longer than ${MOST_LINES} lines`, () => {
  const long = sources
    .filter(({ file, text }) => !file.endsWith('.gen.ts') && text.split('\n').length - 1 > MOST_LINES)
    .map(({ package: name, file }) => `${name}/${file}`)
  expect(long).toEqual([])
})

const drawn = drawnIn(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))

test('docs/architecture.md draws rooms that there are', () => {
  expect(drawn.arrows.length).toBeGreaterThan(20)
  const paths = packages.flatMap(({ name, floors }) => [
    name,
    ...roomPaths(floors).map((path) => `${name}/${path}`),
  ])
  expect(drawn.rooms.filter((room) => !paths.includes(room))).toEqual([])
})

test.each(drawn.arrows)('docs/architecture.md: %s -> %s is an import', (from, to) => {
  const found = imports.some(({ package: name, file, imported }) => {
    const path = imported.startsWith('@see/') ? imported.slice('@see/'.length) : `${name}/${imported}`
    // Another package is imported whole.
    const isThere = path === to || path.startsWith(`${to}/`) || to.startsWith(`${path}/`)
    return `${name}/${file}`.startsWith(`${from}/`) && isThere
  })
  expect(found).toBe(true)
})

const house = {
  name: 'example',
  what: '',
  imports: ['core'],
  floors: [
    [{ name: 'roof', what: '' }],
    [
      {
        name: 'left',
        what: '',
        beside: ['right'],
        floors: [[{ name: 'upper', what: '' }], [{ name: 'lower', what: '' }]],
      },
      { name: 'right', what: '', without: ['@see/core'] },
    ],
  ],
}

test.each([
  ['index.ts', 'roof/a.ts', undefined],
  ['roof/a.ts', 'roof/b.ts', undefined],
  ['roof/a.ts', 'left/lower/a.ts', undefined],
  ['left/a.ts', 'right/a.ts', undefined],
  ['left/a.ts', 'left/upper/a.ts', undefined],
  ['left/upper/a.ts', 'left/lower/a.ts', undefined],
  ['left/a.ts', '@see/core', undefined],
  ['left/a.ts', 'node:fs', undefined],
  ['left/a.ts', 'roof/a.ts', 'left is below roof'],
  ['right/a.ts', 'left/a.ts', 'right is beside left'],
  ['left/lower/a.ts', 'left/upper/a.ts', 'lower is below upper'],
  ['left/lower/a.ts', 'left/a.ts', 'lower imports what stands above it'],
  ['roof/a.ts', 'index.ts', 'roof imports what stands above it'],
  ['left/a.ts', '@see/hooks/testing', 'the package does not import @see/hooks/testing'],
  ['right/a.ts', '@see/core', 'right does not import @see/core'],
])('%s -> %s: %s', (file, imported, why) => {
  expect(refusal(house, { package: 'example', file, imported })).toBe(why)
})

test.each([
  ['zod', undefined],
  ['node:fs', 'the package does not import node:fs'],
  ['fs', 'the package does not import fs'],
  ['pino', 'the package does not import pino'],
  ['left/a.ts', undefined],
])('a package of zod alone -> %s: %s', (imported, why) => {
  const closed = { ...house, modules: ['zod'] }
  expect(refusal(closed, { package: 'example', file: 'index.ts', imported })).toBe(why)
})

test('a circle is found, however long', () => {
  const arrows = ['a b', 'b c', 'c a', 'c d', 'd e'].map((arrow) => arrow.split(' '))
  const found = circlesIn(arrows.map(([file = '', imported = '']) => ({ file, imported })))
  expect(found).toEqual([['a', 'b', 'c', 'a']])
})
