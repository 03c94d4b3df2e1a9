import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
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

test('an ordinary user is told to join the group of libvirt’s daemon, not to start another', {
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
