import type { NetworkSummary } from '@see/evidence'
import type { Head } from '../model/report-index.ts'
import type { ChangeRow, IndicatorRow } from '../model/rows.ts'
import type { CaseFiles } from './case-files.ts'

const SHA256 = /^[0-9a-f]{64}$/
/** Addresses that say nothing of anyone: unspecified, loopback, link-local, multicast, broadcast, Ethernet. */
const OF_NO_ONE =
  /^(?:0\.|127\.|169\.254\.|2(?:2[4-9]|3\d)\.|255\.|::1?$|f[ef][0-9a-f]{2}:|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$)/i

/** What an analyst takes along: addresses, names, URLs, hashes and paths, each once. */
export function indicatorRows(
  files: CaseFiles,
  { head, changes }: { readonly head: Head | null; readonly changes: readonly ChangeRow[] },
): readonly IndicatorRow[] {
  const found = new Map<string, IndicatorRow>()
  const add = (kind: IndicatorRow['kind'], value: string | null, from: string): void => {
    if (value === null || value === '' || (kind === 'address' && OF_NO_ONE.test(value))) return
    const key = `${kind} ${value}`
    if (!found.has(key)) found.set(key, { kind, value: files.bounds.field(value), from })
  }
  const { sample } = head ?? { sample: null }
  if (sample !== null) add('sha256', sample.sha256, 'sample')
  for (const { value } of files.of('network_summary')) addSummary(value, add)
  for (const { value } of files.of('sinkhole_requests')) {
    for (const line of value.lines) {
      if (line.kind === 'dns') add('name', line.name, 'dns')
      else add('address', line.address, line.kind)
      if (line.kind === 'tls') add('name', line.server_name, 'tls')
      if (line.kind === 'http') addUrl(line, add)
    }
  }
  for (const { change, path, sha1 } of changes) {
    if (change === 'deleted') continue
    add('path', path, `${change} file`)
    add('sha1', sha1, `${change} file`)
  }
  for (const { entry } of files.entriesOf('extracted_file')) {
    if (entry.sha256 !== null && SHA256.test(entry.sha256)) add('sha256', entry.sha256, 'extracted file')
  }
  return files.bounds.rows('indicators', [...found.values()])
}

type Add = (kind: IndicatorRow['kind'], value: string | null, from: string) => void

function addSummary({ conversations, dns, http, tls }: NetworkSummary, add: Add): void {
  for (const { destination } of conversations) add('address', destination.address, 'conversation')
  for (const { name, answers } of dns) {
    add('name', name, 'dns')
    for (const answer of answers) if (isAddress(answer)) add('address', answer, 'dns answer')
  }
  for (const each of http) {
    const { address, port } = each.server
    const host = each.host ?? (port === undefined || port === 80 ? address : `${address}:${port}`)
    add('url', `http://${host}${each.uri.startsWith('/') ? '' : '/'}${each.uri}`, 'http')
  }
  for (const { server_name: name } of tls) add('name', name, 'tls')
}

function isAddress(text: string): boolean {
  return /^[0-9.]+$/.test(text) || /^[0-9a-f:.]+$/i.test(text)
}

interface Request {
  readonly address: string
  readonly over_tls: boolean
  readonly uri: string
  readonly headers: readonly string[]
}

function addUrl({ address, over_tls: overTls, uri, headers }: Request, add: Add): void {
  const host = headers.map((header) => /^host:\s*(\S+)/i.exec(header)?.[1]).find((each) => each !== undefined)
  add('url', `${overTls ? 'https' : 'http'}://${host ?? address}${uri}`, 'http')
}
