import type { SinkholeRequestLine } from '@see/evidence'
import type { RequestRow } from '../model/rows.ts'
import type { CaseFiles } from './case-files.ts'
import { boundedRequest } from './network-rows.ts'

/** What the guest asked of the sinkhole. */
export function sinkholeRequests(files: CaseFiles): RequestRow[] {
  const { clock, bounds } = files
  const all = files
    .of('sinkhole_requests')
    .flatMap(({ value, file }) => value.lines.map((line) => ({ line, file })))
  return bounds.rows('requests to the sinkhole', all).map(({ line, file }) => {
    const row = { t: clock.ofIso(line.time), file, count: 1, ...partsOf(line) }
    return boundedRequest(row, bounds.field)
  })
}

type Parts = Pick<RequestRow, 'protocol' | 'what' | 'server' | 'detail'>

function partsOf(line: SinkholeRequestLine): Parts {
  const server = 'port' in line ? `${line.address}:${line.port}` : ''
  switch (line.kind) {
    case 'dns': {
      const what = `${typeName(line.type)} ${line.name}`
      return { protocol: 'dns', what, server: line.server, detail: line.address ?? 'no record' }
    }
    case 'tcp':
      return { protocol: 'tcp', what: 'connection', server, detail: '' }
    case 'data': {
      const what = `${line.bytes} bytes`
      return { protocol: line.protocol, what, server, detail: line.first_text }
    }
    case 'tls': {
      const what = line.server_name ?? 'without a name'
      return { protocol: 'tls', what, server, detail: line.problem ?? '' }
    }
    case 'http': {
      const protocol = line.over_tls ? 'https' : 'http'
      const detail = [...line.headers, line.body_text].filter((text) => text !== '').join(' · ')
      return { protocol, what: `${line.method} ${line.uri}`, server, detail }
    }
    case 'rest':
      return { protocol: 'tcp', what: `${line.bytes} bytes in all`, server, detail: 'connection ended' }
    case 'ping':
      return { protocol: 'icmp', what: 'ping', server: line.address, detail: '' }
    default:
      return { protocol: 'tcp', what: 'refused', server, detail: line.what }
  }
}

function typeName(type: number): string {
  return { 1: 'A', 28: 'AAAA', 15: 'MX', 16: 'TXT', 12: 'PTR', 33: 'SRV' }[type] ?? `TYPE${type}`
}
