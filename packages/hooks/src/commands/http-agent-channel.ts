import { connect } from 'node:net'
import { type ExecResult, messageOf, type SeeContext, SeeError, timeoutSignal, poll } from '@see/core'
import type { AgentAddress } from './agent-address.ts'
import { askHttp, type HttpQuestion } from './bounded-http.ts'
import type { ChannelBounds, CommandChannel, CopiedRequest, PreparedCommand } from './command-channel.ts'
import type { CommandRecord } from './command-record.ts'
import type { CommandRequest } from './command-request.ts'
import { type AgentAnswer, parseAnswer, partOfAnswer, resultOf } from './http-agent-answer.ts'
import { agentPath, type GuestSystem } from './http-agent-request.ts'
import { isFolder } from '../results/is-folder.ts'

const CONNECT_MS = 2000
const MIB = 1024 * 1024
/** JSON writes a byte in six characters at most. */
const JSON_FACTOR = 6
const LEAST_ANSWER_BYTES = 16 * MIB
const MOST_ANSWER_BYTES = 64 * MIB

interface HttpAgent {
  readonly address: AgentAddress
  readonly port: number
  readonly system: GuestSystem
}

/** Runs commands through the HTTP server of the Python reference, which a guest may have in place of QEMU's agent. */
export class HttpAgentChannel implements CommandChannel {
  readonly startsWhenSent = false
  readonly bringsWhenPrepared = false
  readonly #context: SeeContext
  readonly #agent: HttpAgent
  readonly #bounds: ChannelBounds

  constructor(context: SeeContext, agent: HttpAgent, bounds: ChannelBounds) {
    this.#context = context
    this.#agent = agent
    this.#bounds = bounds
  }

  async prepare(
    request: CopiedRequest,
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<PreparedCommand> {
    await assertOneFile(request)
    // The agent alone knows the path.
    record.command ??= '{sample}'
    const host = await this.#listening(signal)
    const path = agentPath(request, this.#agent.system)
    return async (running, { onOutput }) => {
      const parts: Buffer[] = []
      const keepPart = (): void => {
        const part = partOfAnswer(Buffer.concat(parts))
        const output = Buffer.from(part.output).subarray(0, this.#bounds.maxOutputBytes)
        if (output.length > 0) onOutput('stdout', output)
        record.exit_code = part.exitCode
      }
      const question = {
        host,
        path,
        upload: request.copy?.path,
        onBody: (part: Buffer) => void parts.push(part),
      }
      const answer = await this.#ask(question, running).catch((error: unknown) => {
        if (!request.inBackground) keepPart()
        throw error
      })
      if (request.inBackground) return undefined
      const result = this.#result(host, answer)
      onOutput('stdout', result.stdout)
      return result
    }
  }

  /** Waits until there is an address and something listens there; says where that is. */
  async #listening(signal: AbortSignal): Promise<string> {
    const { address, port } = this.#agent
    const timeoutMs = this.#bounds.readyTimeoutMs
    let host: string | undefined
    const ask = async () => {
      host = await address.current(this.#context)
      return host !== undefined && (await connects(host, port)) ? host : undefined
    }
    const timedOut = () =>
      new SeeError(
        'AGENT_UNRESPONSIVE',
        host === undefined
          ? `the guest had no address within ${timeoutMs} ms, by which its HTTP agent could be asked; fire ip_address, or say "agent-host"`
          : `no HTTP agent listens at ${host} port ${port} within ${timeoutMs} ms; is it started, and does the guest's firewall let it be reached?`,
      )
    return await poll(ask, timedOut, { timeoutMs, intervalMs: 200, signal })
  }

  async #ask(
    question: Pick<HttpQuestion, 'host' | 'path' | 'upload' | 'onBody'>,
    signal: AbortSignal,
  ): Promise<AgentAnswer> {
    const { host } = question
    const { timeoutMs, maxOutputBytes } = this.#bounds
    const { port } = this.#agent
    const deadline = timeoutSignal(Math.ceil(timeoutMs))
    const wanted = Math.max(LEAST_ANSWER_BYTES, maxOutputBytes * JSON_FACTOR + MIB)
    const maxBytes = Math.min(wanted, MOST_ANSWER_BYTES)
    try {
      const ending = AbortSignal.any([signal, deadline])
      return parseAnswer(await askHttp({ ...question, port, maxBytes, signal: ending }))
    } catch (error) {
      signal.throwIfAborted()
      if (!deadline.aborted) throw failed(host, error)
      throw new SeeError(
        'GUEST_EXEC_TIMEOUT',
        `the HTTP agent at ${host} did not report the command's end within ${timeoutMs} ms; it cannot kill the command, which may still run`,
        { cause: error },
      )
    }
  }

  #result(host: string, { exitCode, output }: AgentAnswer): ExecResult {
    if (exitCode === null) throw failed(host, 'it does not say the exit code')
    return resultOf({ exitCode, output }, this.#bounds.maxOutputBytes)
  }
}

/** That server takes one file and one line. */
async function assertOneFile({ sample, entry, words }: CommandRequest): Promise<void> {
  if (words.length === 0 && entry === undefined && !(sample !== undefined && (await isFolder(sample)))) return
  throw new SeeError(
    'SAMPLE_UNSUITABLE',
    'the HTTP agent takes one file and a command: a folder and arguments of a sample need QEMU’s guest agent',
  )
}

function failed(host: string, error: unknown): SeeError {
  const code = error instanceof SeeError ? error.code : 'AGENT_CHANNEL'
  return new SeeError(code, `the HTTP agent at ${host}: ${messageOf(error).slice(0, 300)}`, { cause: error })
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS })
    const end = (connected: boolean) => (): void => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false))
  })
}
