import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedGuest } from './support/embedded-guest.ts'
import { root } from './support/documents.ts'
import { sharedTemplate } from './support/shared-template.ts'

const RUN_MS = 90_000
const MIB = 1024 * 1024
const folder = mkdtempSync(join(tmpdir(), 'see-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => sharedTemplate('embedded'), 120_000)

const PORT = '/dev/virtio-ports/org.qemu.guest_agent.0'

/** An agent that answers what it is asked first, and sends this in place of all other replies. */
const answering = (reply: string) => `
while read -r line; do
  id=\${line##*\\"id\\":}
  case $line in
    *guest-sync*) printf '\\377{"return": %s}\\n' "\${id%%\\}*}" ;;
    *) ${reply} ;;
  esac
done <>${PORT} >&0`

const agents: [string, string][] = [
  ['empty lines without end', `yes '' >${PORT}`],
  ['sentinels without end', `tr '\\0' '\\377' </dev/zero >${PORT}`],
  ['replies that are 9 MB of brackets', answering(`head -c 9000000 /dev/zero | tr '\\0' '['; echo`)],
]

// A process of its own has its memory and processor time measured from its start.
const SCRIPT = `
import { Environment, embeddedFactory } from '@see/core'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
const { guest, agent } = JSON.parse(readFileSync(process.argv.at(-1), 'utf8'))
const environment = await Environment.allocate(embeddedFactory(guest))
const { context } = environment
await context.poweron()
await context.agent.waitUntilReady({ timeoutMs: 60_000 })
await context.agent.writeFile('/root/agent', 'killall start-agent qemu-ga; sleep 0.5\\n' + agent)
await context.agent.exec(['/bin/sh', '-c', '(sleep 0.5; exec setsid sh /root/agent) </dev/null >/dev/null 2>&1 &'])
await sleep(1500)
const start = performance.now()
const before = process.cpuUsage()
await sleep(1000)
const idle = process.cpuUsage(before)
const codes = []
codes.push(await context.agent.ping({ timeoutMs: 20_000 }).then(() => 'answered', ({ code }) => code))
const busy = process.cpuUsage(before)
await environment.deallocate()
console.log(JSON.stringify({
  codes,
  warnings: context.warnings.map(({ code }) => code),
  idleMs: (idle.user + idle.system) / 1000,
  busyMs: (busy.user + busy.system) / 1000,
  tookMs: performance.now() - start,
  rss: process.resourceUsage().maxRSS * 1024,
}))
`

test.each(agents)(
  'an agent that sends %s costs neither time nor memory, and is said to',
  async (_what, agent) => {
    const input = join(folder, 'input.json')
    writeFileSync(input, JSON.stringify({ guest: embeddedGuest({ template: 'embedded' }), agent }))
    const argv = ['--input-type=module', '--eval', SCRIPT, '--', input]
    // Found as if by a module of the repository.
    const { stdout } = await promisify(execFile)('node', argv, { cwd: join(root, 'packages/hooks') })
    const seen = JSON.parse(stdout)
    console.log(_what, JSON.stringify(seen))
    expect(seen.codes).toEqual(['AGENT_CHANNEL'])
    expect(seen.rss).toBeLessThan(256 * MIB)
    expect(seen.idleMs).toBeLessThan(500)
    expect(seen.busyMs).toBeLessThan(3000)
    expect(seen.tookMs).toBeLessThan(30_000)
    expect(seen.warnings).toEqual(['AGENT_MISBEHAVED'])
  },
  RUN_MS,
)
