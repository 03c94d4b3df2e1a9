import { injectSample, loaderFor, openSample, type SeeContext } from '@see/core'
import type { ChannelBounds, CommandChannel, CopiedRequest, PreparedCommand } from './command-channel.ts'
import type { CommandRecord } from './command-record.ts'
import { quoteFor } from './shell-words.ts'

const STARTS_SAMPLE = /^\s*\{sample\}(?=[\s;|&<>)]|$)/

/** Runs commands through the guest agent of the context. */
export class GuestAgentChannel implements CommandChannel {
  readonly startsWhenSent = true
  readonly bringsWhenPrepared = true
  readonly #context: SeeContext
  readonly #bounds: ChannelBounds

  constructor(context: SeeContext, bounds: ChannelBounds) {
    this.#context = context
    this.#bounds = bounds
  }

  async prepare(
    request: CopiedRequest,
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<PreparedCommand> {
    const { agent } = this.#context
    const { timeoutMs, maxOutputBytes, readyTimeoutMs } = this.#bounds
    await agent.waitUntilReady({ timeoutMs: readyTimeoutMs, signal })
    const argv = await this.#argv(request, record, signal)
    return (running, progress) =>
      agent.exec(argv, { timeoutMs, maxOutputBytes, signal: running, keepOutput: true, ...progress })
  }

  async #argv(
    { command, sample, entry, copy, words }: CopiedRequest,
    record: CommandRecord,
    signal: AbortSignal,
  ): Promise<readonly [string, ...string[]]> {
    const shell = (await this.#context.agent.isWindows()) ? 'cmd' : 'sh'
    if (sample !== undefined) {
      if (command === undefined) {
        const opened = await openSample(this.#context, sample, { entry, copy, arguments: words, signal })
        record.guest_path = opened.path
        record.command = opened.argv.join(' ')
        return opened.argv
      }
      record.guest_path = await injectSample(this.#context, sample, { entry, copy, signal })
      const quoted = quoteFor(shell, record.guest_path)
      const loader = await this.#loader(command, sample, record.guest_path, { entry, copy, signal })
      const started = [...loader, quoted]
      record.command = command
        .replace(STARTS_SAMPLE, () => started.join(' '))
        .replaceAll('{sample}', () => quoted)
    }
    const line = record.command ?? ''
    return shell === 'cmd' ? ['cmd.exe', '/c', line] : ['/bin/sh', '-c', line]
  }

  /** What has to stand before a sample that the command begins with, and so starts as a program. */
  async #loader(
    command: string,
    sample: string,
    path: string,
    options: Parameters<typeof loaderFor>[3],
  ): Promise<readonly string[]> {
    return STARTS_SAMPLE.test(command) ? await loaderFor(this.#context, sample, path, options) : []
  }
}
