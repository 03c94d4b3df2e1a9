import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { messageOf, SeeError } from '../common/errors.ts'
import { Commands } from '../guest-agent/channel.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'
import type { AgentChannel } from '../contract/agent-ability.ts'
import { poll } from '../common/poll.ts'
import { withTimeout } from '../common/with-timeout.ts'
import { newSshHostKey } from './ssh-host-key.ts'

/** Where a guest waits for its identity: a FIFO, and beside it the answer. */
const PLACE = '/run/see-identity'
const RESULT = `${PLACE}.result`
/** What a guest may answer. */
const LONGEST_ANSWER_BYTES = 300

const handle = z.int()
const content = z.object({ 'buf-b64': z.base64() })

/** What makes a clone a machine of its own. */
export interface Identity {
  readonly hostname: string
  /** Undefined where it has no interface. */
  readonly macAddress: string | undefined
  /** The address of the template's network card, by which the guest finds the interface. */
  readonly card?: string | undefined
}

/** The identity of the guest of one environment. */
export function identityOf(identifier: string, macAddress: string | undefined): Identity {
  return { hostname: `see-${identifier.slice(0, 8).toLowerCase()}`, macAddress }
}

/**
 * Waits until the guest waits for its identity.
 * @throws SeeError `TEMPLATE_IDENTITY`
 */
export async function assertTakesIdentity(
  channel: AgentChannel | undefined,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const commands = new Commands(channel)
  const open = () => openFile(commands, PLACE, 'r+', timeoutMs)
  const opened = await eventually(open, { timeoutMs, signal }, (error) => {
    const why = `the guest does not wait at ${PLACE} for its identity: ${messageOf(error)}; prepare the guest (docs/guests.md says how), or set "identity": false: then all clones are one and the same machine`
    return new SeeError('TEMPLATE_IDENTITY', why, { cause: error })
  })
  await commands.run(z.unknown(), 'guest-file-close', { handle: opened })
}

/**
 * Gives a clone that was just resumed its identity, at the host's end of a port of its own, and waits until it has
 * it. @throws SeeError `TEMPLATE_IDENTITY` when it cannot have it
 */
export async function giveIdentityAtPort(port: Socket, identity: Identity, timeoutMs: number): Promise<void> {
  const answered = lineOf(port)
  port.write(linesOf(identity))
  assertDone(await withTimeout(timeoutMs, answered, () => late(timeoutMs)))
}

/**
 * Gives a clone its identity through its agent.
 * @throws SeeError `TEMPLATE_IDENTITY` when it cannot be
 */
export async function giveIdentity(
  channel: AgentChannel | undefined,
  identity: Identity,
  timeoutMs: number,
): Promise<void> {
  const commands = new Commands(channel)
  const bound = { timeoutMs }
  const place = await openFile(commands, PLACE, 'r+', timeoutMs)
  const bytes = Buffer.from(linesOf(identity)).toString('base64')
  await commands.run(z.unknown(), 'guest-file-write', { handle: place, 'buf-b64': bytes }, bound)
  await commands.run(z.unknown(), 'guest-file-close', { handle: place }, bound)
  const open = () => openFile(commands, RESULT, 'r', timeoutMs)
  const result = await eventually(open, bound, (error) => late(timeoutMs, error))
  const what = { handle: result, count: LONGEST_ANSWER_BYTES }
  const read = await commands.run(content, 'guest-file-read', what, bound)
  await commands.run(z.unknown(), 'guest-file-close', { handle: result }, bound)
  assertDone(Buffer.from(read['buf-b64'], 'base64').toString())
}

function late(timeoutMs: number, cause?: unknown): SeeError {
  const message = `the clone did not confirm its identity within ${timeoutMs} ms`
  return new SeeError('TEMPLATE_IDENTITY', message, { cause })
}

function assertDone(answer: string): void {
  if (answer === 'ok\n') return
  throw new SeeError('TEMPLATE_IDENTITY', `the clone did not take its identity: ${quoteGuestText(answer)}`)
}

/** All that the guest writes up to the end of a line, or as much as it may write. */
function lineOf(port: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    port.once('error', reject)
    port.once('close', () => resolve(answer.toString()))
    port.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]).subarray(0, LONGEST_ANSWER_BYTES)
      if (answer.length < LONGEST_ANSWER_BYTES && !answer.includes('\n')) return
      port.pause()
      resolve(answer.toString())
    })
  })
}

function linesOf({ hostname, macAddress, card }: Identity): string {
  const now = Date.now()
  const { publicKey, privateKey } = newSshHostKey()
  const lines = [
    `entropy=${randomBytes(64).toString('hex')}`,
    `time=${Math.floor(now / 1000)}.${String(now % 1000).padStart(3, '0')}000000`,
    `hostname=${hostname}`,
    `machine-id=${randomBytes(16).toString('hex')}`,
    `ssh-ed25519=${publicKey} ${privateKey}`,
    ...(macAddress === undefined || card === undefined ? [] : [`card=${card}`]),
    ...(macAddress === undefined ? [] : [`mac=${macAddress}`]),
  ]
  return `${lines.join('\n')}\n\n`
}

async function openFile(commands: Commands, path: string, mode: string, timeoutMs: number): Promise<number> {
  return await commands.run(handle, 'guest-file-open', { path, mode }, { timeoutMs })
}

/** Asks again as long as the agent refuses. */
async function eventually<Answer>(
  ask: () => Promise<Answer>,
  bound: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  failed: (error: unknown) => Error,
): Promise<Answer> {
  let last: unknown
  const once = async () => {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof SeeError) || error.code !== 'AGENT_COMMAND_FAILED') throw error
      last = error
      return undefined
    }
  }
  return await poll(once, () => failed(last), { ...bound, intervalMs: 10 })
}
