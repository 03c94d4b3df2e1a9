import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { withoutPrograms } from './support/without-programs.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))
const NOBODY = 65_534
/** Acceleration is tried for ten seconds. */
const CHECK_MS = 90_000

interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly mend: string | null
}

interface Check {
  readonly providers: readonly { readonly provider: string; readonly findings: readonly Finding[] }[]
  readonly hooks: { readonly install: string | null; readonly findings: readonly Finding[] }
}

test('it advises an ordinary user to join the group of libvirt’s daemon, not to start another', {
  timeout: CHECK_MS,
}, async () => {
  const env = { ...process.env, HOME: '/nonexistent' }
  const argv = [see, 'check', '--json']
  const out = await new Promise<string>((resolve) => {
    // It exits with 2 where no provider is ready.
    execFile(process.execPath, argv, { cwd: '/', uid: NOBODY, gid: NOBODY, env }, (_error, stdout) =>
      resolve(stdout),
    )
  })
  const { providers }: Check = JSON.parse(out)
  for (const name of ['qemu', 'lxc']) {
    const found = providers.find(({ provider }) => provider === name)?.findings
    expect(found?.find((finding) => finding.name.startsWith('libvirt'))).toMatchObject({
      ok: false,
      mend: expect.stringMatching(/^join the group: as root, usermod -aG \w+ nobody; then log in again$/),
    })
  }
})

test('what a hook runs is looked for, and one command installs it', { timeout: CHECK_MS }, async () => {
  const out = await withoutPrograms(['yara', 'tshark'], [process.execPath, see, 'check', '--json'])
  const { hooks }: Check = JSON.parse(out)
  expect(
    hooks.findings.filter(({ name }) => /^(?:Yara|NetworkAnalysis|NetworkTracer)Hook$/.test(name)),
  ).toMatchObject([
    { name: 'NetworkAnalysisHook', ok: false, mend: 'apt-get install --no-install-recommends tshark' },
    { name: 'NetworkTracerHook', ok: true, mend: null },
    { name: 'YaraHook', ok: false, mend: 'apt-get install --no-install-recommends yara' },
  ])
  expect(hooks.install).toMatch(/^apt-get install --no-install-recommends (?:.* )?tshark (?:.* )?yara$/)
})

test('the kernel that is tried does not outlive a check that is killed', { timeout: CHECK_MS }, async () => {
  // Found by its parent, and by nothing that another check has.
  const check = spawn(process.execPath, [see, 'check'], { stdio: 'ignore' })
  onTestFinished(() => void check.kill('SIGKILL'))
  let emulator: number | undefined
  const found = () => (emulator = emulatorOf(check.pid ?? 0))
  const ended = once(check, 'exit')
  await Promise.race([expect.poll(found, { timeout: 60_000, interval: 20 }).toBeDefined(), ended])
  // A host without /dev/kvm tries none.
  if (emulator === undefined) return
  check.kill('SIGKILL')
  await ended
  await expect.poll(() => existsSync(`/proc/${emulator}`)).toBe(false)
})

/** A child that has a kernel to boot. */
function emulatorOf(parent: number): number | undefined {
  const path = `/proc/${parent}/task/${parent}/children`
  const children = existsSync(path) ? readFileSync(path, 'latin1').trim().split(' ') : []
  return children.map(Number).find((pid) => pid > 0 && commandOf(pid).includes('-kernel'))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}
