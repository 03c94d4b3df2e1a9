import { execFile, execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { millisecondsOf, type Scenario } from '../scenario.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { tinyGuest } from './tiny-guest.ts'

const READY_MS = 120_000

/** The peer that restarts nothing: one guest, saved and restored by virsh until its agent answers. */
export function saveRestore(against: string): Scenario {
  const identifier = randomUUID()
  let state = ''
  const ping = () => virsh('qemu-agent-command', identifier, '{"execute":"guest-ping"}')
  return {
    name: 'save-restore',
    rows: [{ what: 'virsh restore: agent answers', unit: 'ms', against }],
    async start() {
      const folder = join(scratchFolder(), 'save-restore')
      mkdirSync(folder)
      state = join(folder, 'state')
      const disk = join(folder, 'disk.qcow2')
      const image = join(tinyGuest(), 'disk.qcow2')
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image, '-F', 'qcow2', disk])
      const xml = readFileSync(join(tinyGuest(), 'domain.xml'), 'utf8')
        .replace(/<name>.*<\/name>/, `<name>${identifier}</name>`)
        .replace(/(<disk[^]*?<source file=")[^"]*/, `$1${disk}`)
        .replace(/<interface[^]*<\/interface>/, '')
      writeFileSync(join(folder, 'domain.xml'), xml)
      await virsh('create', join(folder, 'domain.xml'))
      await untilAnswered(ping)
      await virsh('save', identifier, state)
    },
    async round() {
      const ms = await millisecondsOf(async () => {
        await virsh('restore', state)
        await untilAnswered(ping)
      })
      await virsh('save', identifier, state)
      return [ms]
    },
    async end() {
      // It runs only if a round was broken off.
      await virsh('destroy', identifier).catch(() => undefined)
    },
  }
}

async function virsh(...argv: string[]): Promise<void> {
  await promisify(execFile)('virsh', ['--quiet', '--connect', 'qemu:///system', ...argv])
}

async function untilAnswered(ping: () => Promise<void>): Promise<void> {
  const end = performance.now() + READY_MS
  for (;;) {
    try {
      return await ping()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(10)
    }
  }
}
