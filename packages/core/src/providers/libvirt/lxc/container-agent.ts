import type { Domain } from '@see/libvirt'
import type { Agent, ExecOptions, ExecResult, PingOptions } from '../../../contract/agent.ts'
import { messageOf, SeeError } from '../../../common/errors.ts'
import { quoteGuestText } from '../../../common/quote-guest-text.ts'
import type { PollOptions } from '../../../common/poll.ts'
import { untilReady } from '../../../guest-agent/until-ready.ts'
import { withTimeout } from '../../../common/with-timeout.ts'
import { runBounded } from '../../../host/bounded-process.ts'
import { confinementOf } from './confinement.ts'
import { containerInit } from './container-init.ts'

const PING_TIMEOUT_MS = 10_000
const EXEC_TIMEOUT_MS = 60_000
const FILE_TIMEOUT_MS = 300_000
const DEFAULT_BYTES = 1024 * 1024

// The shell is this host's and sees only words of ours before "--"; a process that cannot come under the container's
// limits must not run there.
const JOIN =
  'while [ "$1" != -- ]; do echo $$ >"$1" || kill -9 $$; shift; done; shift; exec setpriv --inh-caps=-all --bounding-set="$0" nsenter --all --target "$@"'

/** Nothing of this process's environment goes into the container. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  TERM: 'dumb',
  container: 'lxc-libvirt',
}

/**
 * Runs programs in a container, where there is no agent, by joining its namespaces, control groups and capabilities.
 * Needs root, the host of libvirtd, and for files `sh`, `cat` and `head` in the container.
 */
export class ContainerAgent implements Agent {
  readonly #domain: Domain

  constructor(domain: Domain) {
    this.#domain = domain
  }

  /** @throws SeeError `AGENT_UNRESPONSIVE` when the container is paused, `GUEST_STOPPED` when it does not run */
  async ping({ timeoutMs = PING_TIMEOUT_MS }: PingOptions = {}): Promise<void> {
    await withTimeout(timeoutMs, this.#answer(), () => {
      return new SeeError('AGENT_UNRESPONSIVE', `libvirt did not answer within ${timeoutMs} ms`)
    })
  }

  /** @throws SeeError `AGENT_UNRESPONSIVE`, or immediately `AGENT_UNAVAILABLE` or `GUEST_STOPPED` */
  async waitUntilReady(options: PollOptions): Promise<void> {
    await untilReady(this, 'the container is paused: resume it', options)
  }

  /**
   * Runs a program in the container: its path or name and arguments, without a shell of ours between. One that is
   * missing ends with exit code 127. While the container is paused, the program waits, and its time runs.
   * @throws SeeError `GUEST_EXEC_TIMEOUT` after killing its process group, `GUEST_STOPPED` or `AGENT_UNAVAILABLE`
   */
  async exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
    const {
      stdin = '',
      timeoutMs = EXEC_TIMEOUT_MS,
      maxOutputBytes = DEFAULT_BYTES,
      signal,
      ...calls
    } = options
    const entrance = await this.#entrance()
    const timedOut = () =>
      new SeeError(
        'GUEST_EXEC_TIMEOUT',
        `${argv.join(' ').slice(0, 200)} ran longer than ${timeoutMs} ms in the container`,
      )
    const bounds = { stdin, timeoutMs, maxOutputBytes, signal, env: ENVIRONMENT, ...calls }
    try {
      return await runBounded([...entrance, ...argv], bounds, timedOut)
    } catch (error) {
      // The system's own refusal: too many words, no process left, an argument with a zero byte.
      if (error instanceof SeeError || signal?.aborted === true) throw error
      throw new SeeError(
        'AGENT_COMMAND_FAILED',
        `cannot run ${quoteGuestText(argv[0])}: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    }
  }

  async isWindows(): Promise<boolean> {
    return false
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    // Written from inside: on this host's side, a link in the path would lead out of the container.
    await this.#must(['/bin/sh', '-c', 'cat >"$1"', 'sh', path], { stdin: content })
  }

  async readFile(path: string, { maxBytes = DEFAULT_BYTES } = {}): Promise<Buffer> {
    // One byte more than is wanted shows whether there is more.
    const argv = ['head', '-c', String(maxBytes + 1), '--', path] as const
    const { stdout } = await this.#must(argv, { maxOutputBytes: maxBytes + 1 })
    if (stdout.length <= maxBytes) return stdout
    throw new SeeError(
      'GUEST_OUTPUT_LIMIT',
      `${path} in the container holds more than ${maxBytes} bytes; raise maxBytes to read it`,
    )
  }

  async #must(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
    const result = await this.exec(argv, { timeoutMs: FILE_TIMEOUT_MS, ...options })
    if (result.exitCode === 0) return result
    throw new SeeError(
      'AGENT_COMMAND_FAILED',
      `${argv[0]} failed in the container: ${quoteGuestText(result.stderr.toString())}`,
    )
  }

  async #answer(): Promise<void> {
    await this.#init()
    const { state } = await this.#domain.getState()
    if (state === 'running') return
    throw new SeeError('AGENT_UNRESPONSIVE', `the container is ${state}: programs in it are paused`)
  }

  async #init(): Promise<number> {
    if (process.geteuid?.() !== 0) {
      throw new SeeError('AGENT_UNAVAILABLE', 'only root can run programs in a container: run SEE as root')
    }
    return await containerInit(this.#domain)
  }

  /** What a program's words are put behind so that it runs in the container. */
  async #entrance(): Promise<[string, ...string[]]> {
    const init = await this.#init()
    const { cgroupFiles, capabilities } = await confinementOf(init)
    const boundingSet = ['-all', ...capabilities.map((number) => `+cap_${number}`)].join(',')
    return ['/bin/sh', '-c', JOIN, boundingSet, ...cgroupFiles, '--', String(init), '--']
  }
}
