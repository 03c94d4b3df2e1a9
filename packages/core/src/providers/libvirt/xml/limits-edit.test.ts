import { expect, test } from 'vitest'
import { parseXml, serializeXml } from '../../../common/xml.ts'
import { editLimits, type LimitsEdit } from './limits-edit.ts'

function edited(inside: string, limits: LimitsEdit): string {
  const document = parseXml(`<domain>${inside}</domain>`)
  const domain = document.documentElement
  if (domain !== null) editLimits(domain, limits)
  return serializeXml(document)
}

const DEVICES =
  '<devices><disk device="cdrom"/><disk><iotune><read_bytes_sec>1</read_bytes_sec></iotune></disk><interface type="network"/></devices>'

test('each limit is where libvirt reads it, and the user’s own stays beside it', () => {
  const xml = edited(`<memtune><soft_limit>1</soft_limit></memtune>${DEVICES}`, {
    memoryMib: 512,
    diskMibPerSecond: 2,
    networkMibPerSecond: 3,
  })
  expect(xml).toContain(
    '<memtune><hard_limit unit="MiB">512</hard_limit><soft_limit>1</soft_limit></memtune>',
  )
  expect(xml).toContain('<disk><iotune><total_bytes_sec>2097152</total_bytes_sec></iotune></disk>')
  expect(xml).toContain('<bandwidth><outbound average="3072"/><inbound average="3072"/></bandwidth>')
})

test('what is not bounded stays as it is', () => {
  expect(edited(DEVICES, {})).toBe(`<domain>${DEVICES}</domain>`)
})

test.each([
  [{ diskMibPerSecond: 1 }, 'disk_mib_per_second'],
  [{ networkMibPerSecond: 1 }, 'network_mib_per_second'],
])('%o of a guest that has none is refused', (limits, key) => {
  expect(() => edited('<devices/>', limits)).toThrow(key)
})
