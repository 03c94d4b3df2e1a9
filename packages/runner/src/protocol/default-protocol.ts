import { NotReadyError, type SeeContext, SeeError } from '@see/core'
import { letRun } from './let-run.ts'
import type { ProtocolParameters } from './protocol.ts'

/** The manual's lifecycle: power on, run, capture, shut down, analyse. */
export async function defaultProtocol(context: SeeContext, parameters: ProtocolParameters): Promise<void> {
  const { runtimeMs, signal, progress } = parameters
  progress('powering on')
  await context.poweron()
  signal.throwIfAborted()
  const silence = (await becomeReady(context, parameters)) ?? (await verifyIsolation(context, parameters))
  signal.throwIfAborted()
  if (silence === undefined) {
    await run(context, parameters)
    progress(`letting it run for ${runtimeMs / 1000} s`)
    await letRun(context, runtimeMs, signal)
  }
  await capture(context, parameters)
  const problem = silence ?? (await shutDown(context, parameters))
  signal.throwIfAborted()
  if (silence !== undefined && (await context.state()) !== 'shutoff') await context.poweroff()
  progress('analysing')
  await context.trigger('start_analysis')
  signal.throwIfAborted()
  await context.trigger('wait_analysis')
  if (problem !== undefined) throw problem
}

/**
 * Returns what was wrong, if the guest did not get ready: nothing can be run in it, but what it shows, said and holds says why.
 */
async function becomeReady(
  context: SeeContext,
  parameters: ProtocolParameters,
): Promise<SeeError | undefined> {
  const { timeoutMs, signal, progress } = parameters
  if (context.macAddress() === undefined) {
    progress('the guest has no network interface: it gets no address')
    return undefined
  }
  progress('waiting for the guest to get an address')
  try {
    const { detail } = await context.ready({ address: true, timeoutMs, signal })
    await context.trigger('ip_address', { address: detail ?? '' })
    return undefined
  } catch (error) {
    if (!(error instanceof NotReadyError)) throw error
    progress(`nothing can be run: ${error.message}`)
    return error
  }
}

/**
 * Returns what was wrong, if the guest reached what its network forbids, or not what it allows: nothing is run in it then.
 * Where nothing is run anyway, nothing is verified.
 */
async function verifyIsolation(
  context: SeeContext,
  { sample, command, timeoutMs, signal, progress }: ProtocolParameters,
): Promise<SeeError | undefined> {
  if (sample === undefined && command === undefined) return undefined
  const plan = await context.resources.isolationPlan?.()
  if (plan?.verify === false) return undefined
  progress('verifying what the guest is isolated from')
  try {
    await context.verifyIsolation({ agentTimeoutMs: timeoutMs, signal })
    return undefined
  } catch (error) {
    if (!(error instanceof SeeError)) throw error
    if (!(error instanceof NotReadyError) && error.code !== 'ISOLATION_BROKEN') throw error
    progress(`nothing is run: ${error.message}`)
    return error
  }
}

async function run(context: SeeContext, parameters: ProtocolParameters): Promise<void> {
  const { sample, command, progress } = parameters
  if (sample !== undefined) {
    progress(`running the sample ${sample}`)
    const { entry, sha256, arguments: words } = parameters
    await context.trigger('run_sample', {
      sample,
      entry,
      sha256,
      command,
      arguments: words,
      async_flag: true,
    })
  } else if (command !== undefined) {
    progress(`running ${command}`)
    await context.trigger('run_command', { command, async_flag: true })
  }
}

async function capture(context: SeeContext, { signal, progress }: ProtocolParameters): Promise<void> {
  signal.throwIfAborted()
  const state = await context.state()
  if (state === 'crashed') {
    progress('the guest has crashed: capturing what can be captured')
    await context.trigger('snapshots_capture')
    return
  }
  if (state !== 'running') {
    progress(`the guest is ${state} without a request: there is nothing to capture`)
    return
  }
  progress('pausing, and capturing what can be captured')
  await context.pause()
  await context.trigger('snapshots_capture')
  signal.throwIfAborted()
  await context.resume()
}

/** Returns what was wrong, if the guest had to be cut from power: the analysis is still worth having. */
async function shutDown(
  context: SeeContext,
  { shutdownTimeoutMs: timeoutMs, signal, progress }: ProtocolParameters,
): Promise<SeeError | undefined> {
  signal.throwIfAborted()
  const state = await context.state()
  if (state === 'shutoff') return undefined
  if (state !== 'running') {
    await context.poweroff()
    return undefined
  }
  progress('shutting down')
  try {
    await context.shutdown({}, { timeoutMs, signal })
    return undefined
  } catch (error) {
    if (!(error instanceof SeeError) || error.code !== 'SHUTDOWN_TIMEOUT') throw error
    progress(`the guest did not shut down within ${timeoutMs / 1000} s: cutting its power`)
    await context.poweroff()
    return error
  }
}
