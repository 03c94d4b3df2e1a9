import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assert, nat, oneof, property, string, stringMatching, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { parseListedFile, textOf } from './listed-file.ts'

const tail = '|0|0|5|1700000000|1700000001|1700000002|1699999999'

const link = (name: string) => parseListedFile(`0|${name}|12|l/lrwxrwxrwx|0|0|6|1|1|1|1`)
/** As text in UTF-8 is listed. */
const bytes = (text: string) => Buffer.from(text).toString('latin1')

test('reads what fls says of a file', () => {
  expect(parseListedFile(`0|/etc/passwd|12|r/rrw-r--r--|1000|100|5|1|-2|3|4`)).toEqual({
    path: '/etc/passwd',
    inode: '12',
    kind: 'file',
    permissions: 'rw-r--r--',
    uid: 1000,
    gid: 100,
    size: 5,
    mtime: -2,
    ctime: 3,
    crtime: 4,
  })
})

test.each([
  ['d/drwxr-xr-x', 'directory'],
  ['p/prw-r--r--', 'fifo'],
  ['s/srw-r--r--', 'socket'],
  ['c/crw-r--r--', 'character device'],
  ['b/brw-r--r--', 'block device'],
  ['-/rrw-r--r--', 'file'],
  ['r/-rw-r--r--', 'unknown'],
])('reads the kind from the inode: %s is a %s', (mode, kind) => {
  expect(parseListedFile(`0|/x|12|${mode}${tail}`)).toMatchObject({ kind, path: '/x' })
})

test('tells a link from its target by the target’s length, whatever arrows there are', () => {
  expect(link('/a -> b -> c -> d')).toMatchObject({ path: '/a -> b', target: 'c -> d' })
  expect(link('/a')).toMatchObject({ path: '/a' })
  expect(parseListedFile(`0|/a -> b|12|r/rrw-r--r--|0|0|1|1|1|1|1`)).toMatchObject({ path: '/a -> b' })
})

test.each([
  ['/$OrphanFiles', '4097', 'V/V---------'],
  ['/x ($FILE_NAME)', '67-48-2', 'r/rrwxrwxrwx'],
  ['/$MFT', '0-128-6', 'r/rrwxrwxrwx'],
  ['/$Secure:$SDS', '9-128-8', 'r/rrwxrwxrwx'],
  ['/dir/.:stream', '73-128-4', 'd/drwxrwxrwx'],
])('leaves out what is no file of a guest: %s', (name, inode, mode) => {
  expect(parseListedFile(`0|${name}|${inode}|${mode}${tail}`)).toBeUndefined()
})

test.each([
  ['/x ($FILE_NAME)', '67-128-2'],
  ['/x ($FILE_NAME)', '67'],
  ['/$Bitmap:evil', '6-128-5'],
  ['/.:evil', '5-128-9'],
  ['/x:evil', '67-128-4'],
  ['/$MFT', '12'],
  ['/$OrphanFiles', '12'],
])('but not what only looks like that: %s', (path, inode) => {
  expect(parseListedFile(`0|${path}|${inode}|r/rrwxrwxrwx${tail}`)).toMatchObject({ path, inode })
})

test('reads any name that has no line break', () => {
  const name = string({ unit: 'binary' }).map((text) => {
    return Buffer.from(text.replaceAll('\n', '|')).toString('latin1')
  })
  assert(
    property(name, nat(), (path, inode) => {
      expect(parseListedFile(`0|${path}|${inode}|r/rrw-r--r--${tail}`)).toMatchObject({
        path,
        inode: `${inode}`,
      })
    }),
  )
})

test.each(['', 'nothing', '0|/x|12|r/rrw-r--r--|0|0|5', `1|/x|12|r/rrw-r--r--${tail}`])(
  'refuses %j',
  (line) => {
    expect(() => parseListedFile(line)).toThrow('not a line of fls')
  },
)

test('writes what is no text such that it can be told apart from text', () => {
  expect(textOf(bytes('über ☃ 😀'))).toBe('über ☃ 😀')
  expect(textOf(bytes('\u{feff}x'))).toBe('\u{feff}x')
  expect(textOf('a\xff\xfeb\xe2\x98')).toBe(String.raw`a\xff\xfeb\xe2\x98`)
  expect(textOf(`${bytes('☃')}\xff`)).toBe(String.raw`☃\xff`)
  expect(textOf(String.raw`a\xff`)).toBe(String.raw`a\\xff`)
})

test('no two paths are the same text', () => {
  const path = uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array).toString('latin1'))
  const nasty = stringMatching(/^[x\\f\xff\xc3\xa9]{0,6}$/)
  assert(
    property(oneof(path, nasty), oneof(path, nasty), (a, b) => {
      expect(textOf(a) === textOf(b)).toBe(a === b)
    }),
    { numRuns: 2000 },
  )
})

test('takes little memory: there may be hundreds of thousands', () => {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('node has no gc')
  const files: unknown[] = []
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heap()
  for (let number = 0; number < 20_000; number++)
    files.push(parseListedFile(`0|/usr/share/doc/package/file-${number}|${number}|r/rrw-r--r--${tail}`))
  expect((heap() - before) / files.length).toBeLessThan(300)
})
