import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { emulatorScript } from './emulator-script.ts'

const TOOLS = {
  bwrap: '/usr/bin/bwrap',
  nsenter: '/usr/bin/nsenter',
  setpriv: '/usr/bin/setpriv',
  sleep: '/usr/bin/sleep',
}

let folder = ''
let script = ''

/** A busybox in the place of QEMU. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'see-emulator-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'qemu', 'bin'), { recursive: true })
  const program = join(folder, 'qemu', 'bin', 'busybox')
  copyFileSync('/bin/busybox', program)
  script = join(folder, 'script')
  writeFileSync(script, emulatorScript(program, "a mark's", TOOLS))
  for (const path of [program, script]) chmodSync(path, 0o755)
  return () => rmSync(folder, { recursive: true })
})

/** As libvirt starts it: as a user, with an environment of its own. */
async function run(command: string, env: Record<string, string>, tail: readonly string[] = []) {
  const argv = ['sh', '-c', command, ...tail]
  const others = process.geteuid?.() === 0 ? { uid: 1_900_000_009, gid: 1_900_000_009 } : {}
  const child = spawn(script, argv, {
    ...others,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = new Promise((resolve) => void child.once('close', resolve))
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { pid: child.pid, out: out.trim(), error: error.trim(), code: await exit }
}

async function interfaces(network: string): Promise<number> {
  return Number((await run('ip -o link | wc -l', { SEE_JAIL_NETWORK: network })).out)
}

function fileIn(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, name)
  chmodSync(path, 0o666)
  onTestFinished(() => rmSync(path))
  return path
}

test('it becomes QEMU under its own number, and sees the files that it is given', async () => {
  const [read, written, other] = [fileIn('read me'), fileIn('written'), fileIn('other')]
  const lines = [
    'echo $$',
    `cat '${read}'; echo`,
    `(: >'${read}') 2>/dev/null || echo read-only`,
    `: >'${written}' && echo written`,
    `[ -e '${other}' ] || echo hidden`,
    'ls -d /etc/passwd /proc/1 /home 2>/dev/null',
    'ip -o link | wc -l',
    'echo "$HOME$SEE_JAIL_READ$SEE_JAIL_WRITE$SEE_JAIL_NETWORK"',
  ]
  const { pid, out, error } = await run(lines.join('\n'), {
    SEE_JAIL_READ: `${read}:/nowhere`,
    SEE_JAIL_WRITE: written,
    SEE_JAIL_NETWORK: 'own',
    HOME: '/root',
  })
  expect(error).toBe('')
  expect(out.split('\n')).toEqual([String(pid), 'read me', 'read-only', 'written', 'hidden', '1'])
})

test('on the host’s network it has the host’s interfaces', async () => {
  const [host, own] = [await interfaces('host'), await interfaces('own')]
  expect(own).toBe(1)
  expect(host).toBeGreaterThanOrEqual(own)
})

test('the folder of the guest’s key and the socket of its TPM are found in QEMU’s arguments', async () => {
  const key = fileIn('master-key.aes')
  const socket = fileIn('tpm.sock')
  const given = [`{"qom-type":"secret","file":"${key}"}`, `socket,id=chrtpm,path=${socket}`]
  const command = `cat '${key}' '${socket}'; [ -e /etc/passwd ] || echo; echo hidden`
  const { out, error } = await run(command, { SEE_JAIL_NETWORK: 'own' }, given)
  expect([error, out]).toEqual(['', 'master-key.aestpm.sock\nhidden'])
})

test('where it is only asked what QEMU can do, it is QEMU as it is', async () => {
  const { pid, out, code } = await run('echo $$; ls -d /etc/passwd', {})
  expect([out, code]).toEqual([`${pid}\n/etc/passwd`, 0])
})

test('where no jail can be made it does not become QEMU', async () => {
  const broken = emulatorScript(join(folder, 'qemu', 'bin', 'busybox'), 'mark', {
    ...TOOLS,
    bwrap: '/nowhere/bwrap',
  })
  writeFileSync(join(folder, 'broken'), broken)
  chmodSync(join(folder, 'broken'), 0o755)
  const whole = script
  script = join(folder, 'broken')
  onTestFinished(() => void (script = whole))
  for (const env of [{}, { SEE_JAIL_NETWORK: 'own' }]) {
    const { out, error, code } = await run('echo QEMU', env)
    expect([out, error, code]).toEqual(['', expect.stringContaining('/nowhere/bwrap'), 1])
  }
})
