import type { NetworkSummary } from '@see/hooks'
import { describe, expect, test } from 'vitest'
import type { Evidence } from './evidence.ts'
import * as hello from './hello-malware.ts'
import { packetsOf, questionOf } from './packets.ts'

/** What is on record of hello malware's network; `served` are the lines that its server wrote. */
export function networkTests(run: () => { readonly evidence: Evidence; readonly served: string }): void {
  describe('the network', () => {
    test('the trace has the question and the request, as they were sent', () => {
      const { evidence } = run()
      const sent = packetsOf(evidence.read('.pcap')).filter(
        ({ source }) => source === evidence.guestAddress(),
      )
      const questions = sent.filter(({ destinationPort }) => destinationPort === 53)
      expect(new Set(questions.map(({ destination }) => destination))).toEqual(new Set([hello.SERVER]))
      // The guest asks again where it waits for an answer, and gets the same answer.
      expect(distinct(questions.map(({ payload }) => questionOf(payload)))).toEqual([
        { name: hello.NAME, type: 1 },
        { name: hello.NAME, type: 28 },
      ])
      const requests = sent.filter(
        ({ destinationPort, payload }) => destinationPort === 80 && payload.length > 0,
      )
      expect(requests).toMatchObject([{ protocol: 'tcp', destination: hello.SERVER }])
      const [head, ...fields] = requests[0]?.payload.toString('latin1').split('\r\n') ?? []
      expect(head).toBe('GET /task?host=see-guest HTTP/1.1')
      expect(fields).toEqual(expect.arrayContaining([`Host: ${hello.NAME}`, 'User-Agent: hello-malware/1.0']))
    })

    test('network.log and network.json say the same', () => {
      const { evidence } = run()
      const log = evidence.lines('_network.log')
      const route = `${evidence.guestAddress()} → ${hello.SERVER}`
      const summary: NetworkSummary = evidence.json('_network.json')
      const queries = summary.dns.map((each) => each.queries)
      expect(
        log.filter((line) => line.includes(`${route} DNS`) && line.endsWith(` A ${hello.NAME}`)),
      ).toHaveLength(queries[0] ?? 0)
      expect(log.filter((line) => line.includes(`${route} HTTP`))).toEqual([
        expect.stringMatching(/ GET \/task\?host=see-guest HTTP\/1\.1$/),
      ])
      expect(summary).toMatchObject({
        trace: evidence.path('.pcap'),
        packets: log.length,
        truncated: false,
        tls: [],
      })
      const answered = { name: hello.NAME, queries: expect.any(Number), response_codes: [0] }
      expect(summary.dns).toEqual([
        { ...answered, type: 'A', answers: [hello.SERVER] },
        { ...answered, type: 'AAAA', answers: [] },
      ])
      expect(Math.min(...queries)).toBeGreaterThanOrEqual(1)
      const request = {
        method: 'GET',
        host: hello.NAME,
        uri: '/task?host=see-guest',
        user_agent: 'hello-malware/1.0',
      }
      expect(summary.http).toEqual([{ ...request, server: { address: hello.SERVER, port: 80 }, requests: 1 }])
    })

    test('so does the server', () => {
      const { evidence, served } = run()
      const lines = served.trim().split('\n')
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { client: evidence.guestAddress(), method: 'GET', host: hello.NAME, url: '/task?host=see-guest' },
      ])
    })
  })
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Set(values.map((value) => JSON.stringify(value)))].map((text) => JSON.parse(text))
}
