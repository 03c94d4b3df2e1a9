import type { Agent, ExecOptions, ExecResult, PingOptions } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import type { AgentChannel } from '../contract/agent-ability.ts'
import type { PollOptions } from '../common/poll.ts'
import type { Commands } from './channel.ts'

const DEFAULT_READ_BYTES = 1024 * 1024

/**
 * Talks to the QEMU guest agent. The guest is hostile: every reply is bounded and checked. The protocol is loaded with the
 * first command.
 */
export class GuestAgent implements Agent {
  readonly #channel: AgentChannel | undefined
  readonly #misbehaved: (error: SeeError) => void
  #windows: boolean | undefined

  /** @param misbehaved is called when the agent sends what no agent sends */
  constructor(channel: AgentChannel | undefined, misbehaved: (error: SeeError) => void = () => undefined) {
    this.#channel = channel
    this.#misbehaved = misbehaved
  }

  /** @throws SeeError `AGENT_UNRESPONSIVE` when no answer comes within `timeoutMs` */
  async ping(options?: PingOptions): Promise<void> {
    const commands = await this.#commands()
    await commands.ping(options)
  }

  /**
   * Waits until the agent answers: it starts some time after the guest.
   * @throws SeeError `AGENT_UNRESPONSIVE`, or immediately `AGENT_UNAVAILABLE`
   */
  async waitUntilReady(options: PollOptions): Promise<void> {
    const { untilReady } = await import('./until-ready.ts')
    await untilReady(this, 'is qemu-guest-agent installed in the guest and started?', options)
  }

  /**
   * Runs a program in the guest: its path or name and arguments, without a shell of ours between.
   * In a guest with a shell, a program that is missing ends with exit code 127, as there.
   * @throws SeeError `GUEST_EXEC_TIMEOUT` after killing it and what it started, `AGENT_COMMAND_FAILED` when the agent cannot
   * start it, `AGENT_COMMAND_DISABLED` when it may not
   */
  async exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
    if (await this.isWindows()) {
      const { execInWindowsGuest } = await import('./windows-exec.ts')
      return await execInWindowsGuest(await this.#commands(), argv, options)
    }
    const { execInShellGuest } = await import('./shell-exec.ts')
    return await execInShellGuest(await this.#commands(), argv, options)
  }

  /** Whether the guest is a Windows, by its own word: paths and programs differ there. */
  async isWindows(): Promise<boolean> {
    if (this.#windows !== undefined) return this.#windows
    const { isWindowsGuest } = await import('./is-windows.ts')
    this.#windows = await isWindowsGuest(await this.#commands())
    return this.#windows
  }

  /** Writes a file in the guest, replacing what was there; some 10 MB a second. */
  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    const { writeGuestFile } = await import('./files.ts')
    await writeGuestFile(await this.#commands(), path, Buffer.from(content))
  }

  /**
   * Reads a file of the guest.
   * @param options.maxBytes the most it may hold; 1 MiB when not given
   * @throws SeeError `GUEST_OUTPUT_LIMIT` when it holds more
   */
  async readFile(path: string, { maxBytes = DEFAULT_READ_BYTES } = {}): Promise<Buffer> {
    const { readGuestFile } = await import('./files.ts')
    const { content, truncated } = await readGuestFile(await this.#commands(), path, maxBytes)
    if (!truncated) return content
    throw new SeeError(
      'GUEST_OUTPUT_LIMIT',
      `${path} in the guest holds more than ${maxBytes} bytes; raise maxBytes to read it`,
    )
  }

  async #commands(): Promise<Commands> {
    const { Commands } = await import('./channel.ts')
    return new Commands(this.#channel, this.#misbehaved)
  }
}
