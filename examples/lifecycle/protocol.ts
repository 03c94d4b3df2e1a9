import { setTimeout as sleep } from 'node:timers/promises'
import type { SeeContext } from '@see/core'
import type { ProtocolParameters } from '@see/cli'

/** The default protocol as one would write it oneself; it goes on when ExampleHook has paused the context. */
export async function run(context: SeeContext, parameters: ProtocolParameters): Promise<void> {
  const { sample, entry, command, arguments: words, runtimeMs, timeoutMs, signal, progress } = parameters

  progress('powering on')
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs, signal })
  progress(`the guest is ${address}`)
  await context.trigger('ip_address', { address })

  if (sample !== undefined)
    await context.trigger('run_sample', { sample, entry, command, arguments: words, async_flag: true })
  else if (command !== undefined) await context.trigger('run_command', { command, async_flag: true })
  await sleep(runtimeMs, undefined, { signal })

  progress('capturing')
  if ((await context.state()) === 'running') await context.pause()
  await context.trigger('snapshots_capture')
  await context.resume()

  progress('shutting down')
  await context.shutdown({}, { timeoutMs, signal })

  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
}
