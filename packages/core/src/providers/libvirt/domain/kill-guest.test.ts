import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { killQemuOf } from './kill-guest.ts'

const name = (of: string) => ['-name', `guest=${of},debug-threads=on`]

/** A process with such a command line, which waits. */
async function processOf(...argv: string[]): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', 'echo; read -r _', ...argv], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('the QEMU of a guest is killed, also while it is about to become one; others go on', async () => {
  const [identifier, other] = [randomUUID(), randomUUID()]
  const jailing = await processOf('/var/cache/see/qemu/qemu-system-x86_64-0123', ...name(identifier))
  const others = [
    await processOf('/var/cache/see/qemu/qemu-system-x86_64-0123', ...name(other)),
    await processOf('/usr/bin/editor', ...name(identifier)),
    await processOf('/usr/bin/editor', '-name', 'qemu', identifier),
  ]
  const ended = once(jailing, 'exit')
  await killQemuOf(identifier)
  expect(await ended).toEqual([null, 'SIGKILL'])
  expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null, null])
})
