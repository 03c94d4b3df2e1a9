import { expect, test } from 'vitest'
import { parseEntry, parseTrouble } from './helper-entry.ts'
import { parseVolume } from './helper-volume.ts'

const blob = (text: string) => Buffer.concat([number(text.length), Buffer.from(text, 'latin1')])

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function entry(mode: number, path: string, more: readonly Buffer[] = [], device = 0n): Buffer {
  const owner = [number(1000), number(100), number(0x10)]
  const times = [long(-5n), number(7), long(20n), number(0), long(30n), number(0)]
  const names = [blob(path), blob('')]
  return Buffer.concat([
    long(256n),
    long(12n),
    number(mode),
    ...owner,
    long(device),
    long(5n),
    ...times,
    ...names,
    ...more,
  ])
}

test('a file: nothing in a name can pass for anything else', () => {
  const name = '/a\nE|\0\xff -> b'
  expect(parseEntry(entry(0o104755, name, [blob('user.a'), blob('\0\n')]))).toEqual({
    path: name,
    inode: '256:12',
    kind: 'file',
    permissions: 'rwsr-xr-x',
    uid: 1000,
    gid: 100,
    size: 5,
    mtime: -5,
    mtimeNs: 7,
    ctime: 20,
    ctimeNs: 0,
    crtime: 30,
    flags: 'i',
    attributes: new Map([['user.a', '\0\n']]),
  })
})

test('a device has its numbers, and no size', () => {
  expect(parseEntry(entry(0o020644, '/null', [], 0x103n))).toMatchObject({
    kind: 'character device',
    device: '1:3',
    size: 0,
  })
})

test('a long value is kept as its sum', () => {
  const { attributes } = parseEntry(entry(0o100644, '/a', [blob('user.a'), blob('x'.repeat(5000))]))
  expect(attributes?.get('user.a')).toMatch(/^5000 bytes, SHA-1 [\da-f]{40}$/)
})

test.each([1, 50, 100])('refuses one that is cut short by %i bytes', (missing) => {
  const whole = entry(0o100644, '/a', [blob('user.a'), blob('x'.repeat(100))])
  expect(() => parseEntry(whole.subarray(0, whole.length - missing))).toThrow('cut short')
})

test('says of a name what could not be read of it, in plain characters', () => {
  const payload = Buffer.concat([blob(''), blob('stat: \u001b[2Jbroken')])
  expect(parseTrouble(payload)).toEqual({ path: '/', why: 'stat: ?[2Jbroken' })
})

test.each([
  '/dev/vda1\tpartition\t1\t2048\t100\txfs',
  '/etc/passwd\tpartition\t1\t2048\t100\txfs\t',
  '/dev/vda1\telsewhere\t1\t2048\t100\txfs\t',
  '/dev/vda1\tpartition\t1\t-1\t100\txfs\t',
])('refuses a volume that is none: %j', (line) => {
  expect(() => parseVolume(Buffer.from(line))).toThrow('the helper guest made up a volume')
})
