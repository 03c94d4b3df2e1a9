import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leftOf } from './support/leftovers.ts'
import { TemplateFolder } from './support/template-guest.ts'

const NOBODY = 65_534
const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))
let folder: TemplateFolder
let home: string

beforeEach(() => {
  folder = new TemplateFolder()
  // Short, since libvirt has the paths of sockets in it.
  home = mkdtempSync(join(tmpdir(), 'see-u-'))
  chownSync(home, NOBODY, NOBODY)
})
afterEach(() => {
  // The user's own daemons would stay for two minutes.
  for (const daemon of ['libvirtd', 'virtlogd']) {
    const pidFile = join(home, 'run', 'libvirt', `${daemon}.pid`)
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')))
  }
  rmSync(home, { recursive: true, force: true })
  folder[Symbol.dispose]()
})

/** What a program prints that an ordinary user runs. */
async function asUser(program: string, ...argv: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, argv, {
    cwd: home,
    uid: NOBODY,
    gid: NOBODY,
    env: {
      PATH: `${process.env['PATH']}:/usr/sbin`,
      HOME: home,
      XDG_RUNTIME_DIR: join(home, 'run'),
      XDG_CONFIG_HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      SEE_TEMPLATES: join(home, 'templates'),
    },
  })
  return stdout
}

async function seeAsUser(...argv: string[]) {
  return JSON.parse(await asUser(process.execPath, see, ...argv, '--json'))
}

/** On a network that needs no rights, and without a screen: two daemons at a time may give a port away twice. */
const asUsers = (xml: string) =>
  xml
    .replace(/<interface[^]*<\/interface>/, '<interface type="user"><model type="virtio"/></interface>')
    .replace(/<graphics[^>]*>/, '')

const providers: [string, (changes: object) => string][] = [
  ['without libvirt', (changes) => folder.resources({ ...changes })],
  [
    'through qemu:///session',
    (changes) =>
      folder.libvirtResources({ hypervisor: 'qemu:///session', network: undefined, ...changes }, asUsers),
  ],
]

test.each(providers)(
  'an ordinary user builds a template and runs its clone %s',
  {
    timeout: 120_000,
  },
  async (_how, resources) => {
    await seeAsUser('template', 'build', resources({}), 'mine')
    const report = await seeAsUser('run', resources({ template: 'mine' }), '/bin/hostname', '--runtime', '1')
    const hostname = `see-${report.identifier.slice(0, 8)}\n`
    expect(report).toMatchObject({ ok: true, failures: [], commands: [{ exit_code: 0, stdout: hostname }] })
    expect(readdirSync(join(home, 'templates')).filter((name) => name !== '.mine.lock')).toEqual(['mine'])
    expect(await leftOf(report.identifier)).toEqual([])
  },
)
