import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { HostListener } from './host-listener.ts'
import { probeAnswers } from './probe-answers.ts'
import { probeScript } from './probe-script.ts'

const TOKEN = 'c0ffee0123456789c0ffee02'
const HOST = '192.168.215.1'
const GUEST = '192.168.215.2'

function ip(...argv: string[]): void {
  execFileSync('ip', argv)
}

/** A network namespace at the end of a cable, which stands in for a guest. */
function otherEnd(name: string): string {
  ip('netns', 'add', name)
  onTestFinished(() => ip('netns', 'delete', name))
  ip('link', 'add', `${name}-a`, 'type', 'veth', 'peer', 'name', 'card', 'netns', name)
  ip('address', 'add', `${HOST}/24`, 'dev', `${name}-a`)
  ip('link', 'set', `${name}-a`, 'up')
  ip('-n', name, 'address', 'add', `${GUEST}/24`, 'dev', 'card')
  ip('-n', name, 'link', 'set', 'card', 'up')
  return name
}

async function onlyProgram(program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'see-means-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const each of [program, 'sh', 'timeout']) {
    // Python's own path: what is in PATH may be a script that chooses one.
    const ask = each === 'python3' ? 'python3 -c "import sys; print(sys.executable)"' : `command -v ${each}`
    const path = execFileSync('/bin/sh', ['-c', ask], { encoding: 'utf8' })
    await symlink(path.trim(), join(folder, each))
  }
  return folder
}

test.each(['perl', 'python3'])(
  'a frame with a forged sender by %s arrives where nothing stops it',
  async (program) => {
    const namespace = otherEnd(`see-raw-${program.slice(0, 4)}`)
    await using listener = await HostListener.open(TOKEN)
    const attempt = {
      target: 'raw',
      kind: 'frame',
      address: HOST,
      port: listener.ports.udp,
      isOurs: true,
    } as const
    const script = probeScript([attempt], { token: TOKEN, guestAddress: GUEST })
    const path = await onlyProgram(program)
    const argv = ['netns', 'exec', namespace, 'env', '-i', `PATH=${path}`, '/bin/sh', '-c', script]
    const { stdout } = await promisify(execFile)('ip', argv)
    expect([...probeAnswers(stdout, 1)]).toEqual([[0, 'blocked']])
    await expect.poll(() => listener.hasArrived(0), { timeout: 10_000 }).toBe(true)
  },
)
