import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readUserXml } from './read-user-xml.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-xml-'))
const file = join(folder, 'domain.xml')
afterAll(() => rmSync(folder, { recursive: true }))

const read = (content: Buffer | string): string => {
  writeFileSync(file, content)
  return readUserXml(file)
}

const declared = (encoding: string) =>
  `<?xml version="1.0" encoding="${encoding}"?>\n<domain><title>Prüfung</title></domain>`
const expected = '<?xml version="1.0"?>\n<domain><title>Prüfung</title></domain>'

const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

test.each([
  ['UTF-8', declared('UTF-8')],
  ['UTF-8 with a byte order mark', `\uFEFF${declared('utf-8')}`],
  ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${declared('UTF-16')}`, 'utf16le')],
  ['UTF-16, the other way round', swapped(`\uFEFF${declared('UTF-16')}`)],
  ['UTF-16 without a mark', Buffer.from(declared('UTF-16LE'), 'utf16le')],
  ['ISO 8859-1', Buffer.from(declared('ISO-8859-1'), 'latin1')],
  ['Windows 1252, in single quotes', Buffer.from(declared('windows-1252').replaceAll('"', "'"), 'latin1')],
])('reads XML in %s', (_what, content) => {
  expect(read(content).replaceAll("'", '"')).toBe(expected)
})

test('no declaration is UTF-8, and only there an encoding is looked for', () => {
  const text = '<domain><!-- <?xml encoding="x"?> -->ü</domain>'
  expect(read(text)).toBe(text)
})

test.each([
  ['bytes that are no UTF-8', Buffer.from('<domain>ü</domain>', 'latin1'), 'it is not utf-8'],
  ['an unknown encoding', declared('x-none'), 'the encoding "x-none" is not known'],
])('refuses %s, by name', (_what, content, problem) => {
  expect(() => read(content)).toThrow(
    expect.objectContaining({ code: 'FILE_UNREADABLE', message: expect.stringContaining(problem) }),
  )
  expect(() => read(content)).toThrow(file)
})
