import { readFileSync } from 'node:fs'
import type { Environment, SinkholeRequest } from '@see/core'
import type { NetworkSummary } from '@see/hooks'
import { expect } from 'vitest'

const GUEST_MS = 90_000

const SCRIPT = `
until ip route | grep -q default; do sleep 0.1; done
nslookup plain.example >/dev/null
wget -q -O - 'http://c2.example/gate?id=7'
wget -q -O - --post-data hello=1 http://203.0.113.5:6667/x
wget -q -O - --no-check-certificate https://tls.example/secret
echo begin | nc -w 2 203.0.113.9 4444
ping -c 1 -W 2 8.8.8.8 >/dev/null && echo pong
true`

/** Powers a traced guest on and has it ask for names, sites and connections: each is answered, and is on record. */
export async function expectSunk({ context }: Environment, base: string): Promise<void> {
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  const address = await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  expect(address).toMatch(/^10\.\d+\.\d+\.15$/)
  const said = await context.agent.exec(['/bin/sh', '-c', SCRIPT], { timeoutMs: 60_000 })
  expect(said.stdout.toString()).toBe('OK\nOK\nOK\npong\n')
  await context.poweroff()
  for (const event of ['start_analysis', 'wait_analysis'] as const) await context.trigger(event)
  expect(context.failures).toEqual([])
  // “begin”, which it sent to a port of its own, is no protocol that tshark knows.
  expect(context.warnings).toMatchObject([
    { code: 'NETWORK_CONTENT_UNKNOWN', what: expect.stringContaining('203.0.113.9:4444') },
  ])

  const lines = readFileSync(`${base}_sinkhole.jsonl`, 'utf8').trimEnd().split('\n')
  const asked = lines.map((line): SinkholeRequest => JSON.parse(line))
  const expected = [
    { kind: 'dns', name: 'plain.example', type: 1, address: '198.18.0.1' },
    { kind: 'dns', name: 'c2.example', type: 1, address: '198.18.0.2' },
    { kind: 'tcp', address: '198.18.0.2', port: 80 },
    { kind: 'http', method: 'GET', uri: '/gate?id=7', over_tls: false, port: 80 },
    { kind: 'http', method: 'POST', uri: '/x', port: 6667, body_text: 'hello=1' },
    { kind: 'tls', server_name: 'tls.example', port: 443, problem: null },
    { kind: 'http', method: 'GET', uri: '/secret', over_tls: true, port: 443 },
    { kind: 'data', protocol: 'tcp', address: '203.0.113.9', port: 4444, first_text: 'begin\n' },
    { kind: 'ping', address: '8.8.8.8' },
  ]
  for (const each of expected) expect(asked).toContainEqual(expect.objectContaining(each))
  const http = asked.find((each) => each.kind === 'http')
  expect(http).toMatchObject({ headers: expect.arrayContaining(['Host: c2.example']) })

  const summary: NetworkSummary = JSON.parse(readFileSync(`${base}_network.json`, 'utf8'))
  expect(summary.dns.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['plain.example', 'c2.example', 'tls.example']),
  )
  expect(summary.tls).toMatchObject([{ server_name: 'tls.example' }])
  expect(summary.http).toMatchObject([{ uri: '/gate?id=7' }, { uri: '/x', server: { port: 6667 } }])
}
