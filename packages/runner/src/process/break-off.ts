import { type Debugger, Session } from 'node:inspector/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long the main thread may take to answer, in milliseconds. In a call of the operating system it does not. */
const ANSWER_MS = 5000

/**
 * Terminates the JavaScript that the main thread runs, as a debugger would. Whatever it does next, it does from its event
 * loop.
 * @param key of the global function that prepares for it, and returns whether it may be done
 * @returns whether it was done
 */
export async function breakOff(key: string): Promise<boolean> {
  const session = new Session()
  session.connectToMainThread()
  try {
    const frame = await answer(pausedFrame(session))
    const expression = `globalThis[Symbol.for(${JSON.stringify(key)})]()`
    const evaluated = await answer(
      session.post('Debugger.evaluateOnCallFrame', { callFrameId: frame.callFrameId, expression }),
    )
    const isPrepared = evaluated.result.value === true
    const terminated = isPrepared ? session.post('Runtime.terminateExecution') : undefined
    await answer(Promise.all([terminated, session.post('Debugger.resume')]))
    await answer(session.post('Debugger.disable'))
    return isPrepared
  } catch {
    return false
  } finally {
    session.disconnect()
  }
}

/** The innermost function that the main thread runs, where it was paused. */
async function pausedFrame(session: Session): Promise<Debugger.CallFrame> {
  const paused = new Promise<Debugger.CallFrame | undefined>((resolve) => {
    session.once('Debugger.paused', ({ params }) => resolve(params.callFrames[0]))
  })
  await session.post('Debugger.enable')
  await session.post('Debugger.pause')
  const frame = await paused
  if (frame === undefined) throw new Error('nothing runs')
  return frame
}

async function answer<Result>(work: Promise<Result>): Promise<Result> {
  const over = new AbortController()
  const late = async (): Promise<never> => {
    // Nothing else keeps the thread alive meanwhile.
    await sleep(ANSWER_MS, undefined, { signal: over.signal })
    throw new Error('no answer')
  }
  try {
    return await Promise.race([work, late()])
  } finally {
    over.abort()
  }
}
