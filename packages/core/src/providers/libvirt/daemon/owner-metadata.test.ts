import { expect, test } from 'vitest'
import { parseXml, serializeXml } from '../../../common/xml.ts'
import { addOwner, OWNER_NAMESPACE, ownerIn } from './owner-metadata.ts'

const identifier = '6695eb01-f6a4-4304-89aa-97f2502e193f'
const owner = { socket: '/a/"b"&<c>', pid: 12, start: 345, boot: 'boot', host: 'host/0123' }

function withOwner(xml: string): string {
  const root = parseXml(xml).documentElement
  if (root === null) throw new Error('it has no root')
  addOwner(root, identifier, owner)
  return serializeXml(root)
}

test('an object says whose it is, beside what its user says of it', () => {
  const users = '<x:y xmlns:x="urn:x"><owner/></x:y>'
  const xml = withOwner(`<domain><name>x</name><metadata>${users}</metadata></domain>`)
  expect(xml).toContain(users)
  expect(ownerIn(xml)).toEqual({ identifier, owner })
  expect(ownerIn(withOwner('<network/>'))).toEqual({ identifier, owner })
  expect(withOwner(xml)).toBe(xml)
})

test.each([
  '<domain/>',
  '<domain><metadata/></domain>',
  '<domain><metadata><owner identifier="x"/></metadata></domain>',
  `<domain><metadata><owner xmlns="${OWNER_NAMESPACE}"/></metadata></domain>`,
  withOwner('<domain/>').replace('pid="12"', 'pid="-1"'),
  withOwner('<domain/>').replace(identifier, '../..'),
])('what does not say it, or not so, is nothing of ours: %s', (xml) => {
  expect(ownerIn(xml)).toBeUndefined()
})
