import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeeContext } from '@see/core'
import { expect, test } from 'vitest'
import { sh } from './in-guest.ts'

/** What every provider's agent does in a guest that runs. */
export function agentContract(running: () => SeeContext): void {
  test('its agent runs programs: arguments as they are, input, both outputs, exit code', async () => {
    const argument = `two words; $(reboot) 'quoted' "*" \n ü --`
    const result = await running().agent.exec(
      ['/bin/sh', '-c', 'printf %s "$1"; cat; echo oops >&2; exit 7', 'sh', argument],
      { stdin: Buffer.from([0, 255, 10]) },
    )
    expect(result.stdout).toEqual(Buffer.concat([Buffer.from(argument), Buffer.from([0, 255, 10])]))
    expect(result).toMatchObject({
      exitCode: 7,
      signal: null,
      truncated: false,
      stderr: Buffer.from('oops\n'),
    })
  })

  test('its agent says when a program cannot be started, or was killed', async () => {
    const { agent } = running()
    expect(await agent.exec(['/no/such/program'])).toMatchObject({ exitCode: 127 })
    expect(await agent.exec(['/bin/sh', '-c', 'kill -9 $$'])).toMatchObject({ exitCode: null, signal: 9 })
  })

  test('its agent brings back a part of a flood, and lives on', async () => {
    const { agent } = running()
    const flood = await agent.exec(['/bin/sh', '-c', 'yes | head -c 5000000'], { maxOutputBytes: 5000 })
    expect(flood).toMatchObject({ exitCode: 0, truncated: true })
    expect(flood.stdout).toHaveLength(5000)
    await agent.ping()
  })

  test('its agent kills a program that takes too long', async () => {
    // Long enough for a busy guest to have started it.
    const sleeping = running().agent.exec(['/bin/sleep', '4321'], { timeoutMs: 3000 })
    await expect(sleeping).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    await expect.poll(() => sh(running(), 'ps | grep -c "[s]leep 4321" || true')).toBe('0\n')
  })

  test('its agent goes on with a program when the guest was paused meanwhile', async () => {
    const program = running().agent.exec(['/bin/sh', '-c', 'sleep 0.5; echo done'])
    program.catch(() => undefined)
    await sleep(100)
    await running().pause()
    expect(await Promise.race([program, sleep(700, 'nothing')])).toBe('nothing')
    await running().resume()
    expect((await program).stdout.toString()).toBe('done\n')
  })

  test('its agent writes and reads files, whatever is in them, within bounds', async () => {
    const { agent } = running()
    const content = randomBytes(200_000)
    await agent.writeFile('/tmp/-b y$tes', content)
    expect(await agent.readFile('/tmp/-b y$tes')).toEqual(content)
    const tooMuch = agent.readFile('/dev/zero', { maxBytes: 100_000 })
    await expect(tooMuch).rejects.toMatchObject({ code: 'GUEST_OUTPUT_LIMIT' })
    await expect(agent.readFile('/nowhere')).rejects.toMatchObject({ code: 'AGENT_COMMAND_FAILED' })
  })
}
