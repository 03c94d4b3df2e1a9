import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { NetworkSummary } from './network-summary.ts'
import { PacketLines } from './packet-lines.ts'
import type { Packet } from './packet.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const line = (number: number, layers: object = {}): string =>
  JSON.stringify({ layers: { frame_number: [String(number)], ...layers } })

function read(parts: readonly Buffer[]): (string | undefined)[] {
  const seen: (string | undefined)[] = []
  const sink = {
    add: (packet: Packet) => void seen.push(packet.first('frame.number')),
    skip: () => void seen.push(undefined),
  }
  const lines = new PacketLines([sink])
  for (const part of parts) lines.push(part)
  lines.end()
  expect(lines.packets).toBe(seen.length)
  return seen
}

test('cuts packets out of what comes, wherever its parts begin and end', () => {
  const text = Buffer.from(`{"index":{}}\n${line(1)}\n\n{"index":{}}\n${line(2)}\n{"index":{}}\n${line(3)}`)
  for (const size of [1, 2, 7, 40, text.length]) {
    const count = Math.ceil(text.length / size)
    const parts = Array.from({ length: count }, (_, index) => text.subarray(index * size, (index + 1) * size))
    expect(read(parts)).toEqual(['1', '2', '3'])
  }
})

test('skips a packet with more fields than any should have, and goes on', () => {
  const parts = Array.from({ length: 17 }, () => Buffer.alloc(1024 * 1024, 'x'))
  expect(read([Buffer.from(`${line(1)}\n`), ...parts, Buffer.from(`\n${line(2)}\n`)])).toEqual([
    '1',
    undefined,
    '2',
  ])
})

test('throws at a line that cannot be read', () => {
  expect(() => read([Buffer.from('{"layers":1}\n')])).toThrow(/cannot be read: .*layers/)
})

const HOSTILE = `
import { writeFileSync } from 'node:fs'
const [{ NetworkLog }, { Summary }, { PacketLines }] = await Promise.all(
  ['network-log', 'network-summary', 'packet-lines'].map((name) => import(DIST + name + '.js')),
)
const hundred = (value) => Array.from({ length: 100 }, () => value)
const summary = new Summary()
const log = new NetworkLog(FOLDER + '/log', 'json')
const lines = new PacketLines([log, summary])
for (let number = 0; number < 3000; number++) {
  const answers = Array.from({ length: 100 }, (_, index) => number + ' ' + index + 'x'.repeat(990))
  const layers = { frame_len: ['60'], dns_flags_response: ['1'], dns_qry_type: ['16'], dns_qry_name: ['n' + number],
    dns_count_answers: ['100'], dns_resp_name: hundred('n' + number), dns_resp_type: hundred('16'),
    dns_resp_len: hundred('1000'), dns_txt_length: hundred('999') }
  lines.push(Buffer.from(JSON.stringify({ layers: { ...layers, dns_txt: answers, _ws_col_Info: ['x'.repeat(20000)] } }) + '\\n'))
}
log.end()
writeFileSync(FOLDER + '/summary', JSON.stringify(summary.of({ path: 'trace', unread: 0, warnings: [] })))
`

test('300 MB of what a guest makes up fit a small heap, and the summary says that it is not all', {
  timeout: 60_000,
}, async () => {
  await using temporary = await temporaryFolder()
  const dist = new URL('../../dist/network/', import.meta.url).href
  const code = HOSTILE.replace('DIST', JSON.stringify(dist)).replaceAll(
    'FOLDER',
    JSON.stringify(temporary.path),
  )
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    resourceLimits: { maxOldGenerationSizeMb: 96 },
  })
  expect(await once(worker, 'exit')).toEqual([0])
  const summary: NetworkSummary = JSON.parse(readFileSync(join(temporary.path, 'summary'), 'utf8'))
  expect(summary).toMatchObject({ packets: 3000, truncated: true })
  expect(summary.dns[0]?.answers).toHaveLength(100)
  expect(JSON.parse(readFileSync(join(temporary.path, 'log'), 'utf8'))).toHaveLength(3000)
})
