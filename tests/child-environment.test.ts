import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

function inProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has ended meanwhile, or is another user's.
    return ''
  }
}

/** The names of programs that were seen with a text in their environment. */
function watchEnvironments(text: string): Set<string> {
  const found = new Set<string>()
  const look = () => {
    for (const pid of readdirSync('/proc').filter((each) => /^\d/.test(each))) {
      if (inProc(pid, 'environ').includes(text)) found.add(inProc(pid, 'cmdline').split('\0', 1)[0] ?? '')
    }
  }
  // Looking takes as long as all the processes of a busy host: the guest needs the rest of the time.
  const timer = setInterval(look, 5)
  onTestFinished(() => clearInterval(timer))
  return found
}

test('no program that a run starts knows a key of the user’s', { timeout: 180_000 }, async () => {
  await sharedTemplate('embedded')
  const secret = `key-${randomUUID()}`
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret)
  const seen = watchEnvironments(secret)
  const { context } = await embeddedEnvironment(embeddedGuest({ template: 'embedded' }), {
    configuration: { results_folder: temporaryFolder() },
    hooks: [
      { name: '@see/hooks#MemoryHook', configuration: { memory_snapshots_on_event: 'post_pause' } },
      { name: '@see/hooks#DiskCheckPointHook', configuration: { checkpoint_on_event: 'post_poweroff' } },
      { name: '@see/hooks#DiskStateAnalyser' },
      { name: '@see/hooks#NetworkTracerHook' },
      { name: '@see/hooks#NetworkAnalysisHook' },
    ],
  })
  await context.poweron()
  // It has sent packets then.
  await context.waitForIp4Address({ timeoutMs: 60_000 })
  await context.pause()
  await context.resume()
  await context.poweroff()
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  expect([...seen]).toEqual([])
})

test('every program is started with an environment of its own', () => {
  const sources = readdirSync(`${root}packages`, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path) && !/\/(testing|test-servers)\//.test(path),
    )
    .map((path) => [path, readFileSync(`${root}packages/${path}`, 'utf8')] as const)
    .filter(([, text]) => /from 'node:child_process'/.test(text))
  expect(sources.length).toBeGreaterThan(5)
  for (const [path, text] of sources) {
    const starts = [...text.matchAll(/\b(?:spawn|execFile|exec|fork)(?:Sync)?\)?\(/g)]
    expect(starts.length, path).toBeGreaterThan(0)
    for (const { index } of starts) expect(text.slice(index, index + 250), path).toMatch(/\benv\b/)
  }
})
