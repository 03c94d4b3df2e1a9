import { access, constants } from 'node:fs/promises'
import {
  type AnyEvent,
  type EvidenceWarning,
  evidenceWarning,
  eventNames,
  Hook,
  messageOf,
  requireAbility,
  requireTool,
  SeeError,
  type VncServer,
  z,
} from '@see/core'
import { GuestLife } from '../guest/guest-life.ts'
import { requireHookTool } from '../processes/required-tool.ts'
import { TetheredProcess } from '../processes/tethered-process.ts'

const USUAL_VIEWER = 'vncviewer'
const STOP_MS = 2000
/** What a program with a window needs of the user's environment. It gets nothing else: it shows what a guest draws. */
const DESKTOP = [
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'XDG_SESSION_TYPE',
  'DBUS_SESSION_BUS_ADDRESS',
]
/** A viewer that is closed sooner showed nothing: no user looks and closes it in that time. */
const LOOK_MS = 2000
/** Display 0 is at this port. */
const FIRST_PORT = 5900

const schema = z.object({
  start_vnc: eventNames.prefault('post_poweron').describe('The event or events at which a viewer is opened.'),
  viewer: z
    .tuple([z.string().min(1)], z.string())
    .default([USUAL_VIEWER, '{host}::{port}'])
    .describe(
      "The viewer and its arguments; `{host}`, `{port}` and `{display}` become the guest's. It gets the variables of the environment that a program with a window needs, and no others.",
    ),
})

/** Opens a viewer on the guest's screen; it is closed when the guest ends. */
export class VNCHook extends Hook<typeof schema> {
  static override readonly schema = schema

  async setup(): Promise<void> {
    const [program] = this.configuration.viewer
    requireAbility(this.context, 'vnc', { for: 'VNCHook' })
    await requireViewer(program)
    if ((await this.#server()) === undefined) {
      throw new SeeError(
        'CONFIGURATION_INVALID',
        'the domain has no VNC server; add <graphics type="vnc" autoport="yes" listen="127.0.0.1"/> to the devices of its XML; an embedded guest has one with "vnc": true in its "machine"',
      )
    }
    for (const event of new Set(this.configuration.start_vnc)) {
      this.context.subscribeAsync(event, this.openViewer)
    }
  }

  /** @throws SeeError `TOOL_FAILED` when the viewer fails; that it is closed is no failure */
  readonly openViewer = async (event: AnyEvent): Promise<void> => {
    const server = await this.#server()
    if (server?.port === undefined) {
      throw new SeeError(
        'GUEST_STOPPED',
        `cannot open a viewer at ${event.name}: the guest is off; choose an event at which it runs`,
      )
    }
    const { host, port } = server
    const [program, ...words] = this.configuration.viewer
    const argv = words.map((word) =>
      word
        .replaceAll('{host}', () => host)
        .replaceAll('{port}', String(port))
        .replaceAll('{display}', String(port - FIRST_PORT)),
    )
    const started = performance.now()
    const viewer = await TetheredProcess.start([program, ...argv], DESKTOP)
    viewer.stdout.resume()
    this.logger.info({ host, port }, 'viewer opened')
    using life = new GuestLife(this.context)
    await Promise.race([viewer.ended, aborted(life.signal)])
    if (life.ended) return await viewer.stop(STOP_MS)
    if ((await viewer.ended) !== 'exit code 0') throw await viewer.failure()
    const openMs = performance.now() - started
    if (openMs < LOOK_MS) await this.context.warn(endedAtOnce([program, ...argv], openMs, viewer.stderr))
  }

  #server(): Promise<VncServer | undefined> {
    return requireAbility(this.context, 'vnc', { for: 'VNCHook' }).server()
  }
}

function endedAtOnce(argv: readonly string[], openMs: number, stderr: string): EvidenceWarning {
  const said = stderr.trim().slice(-500)
  const words = said === '' ? '' : `, saying ${JSON.stringify(said)}`
  const why = `it ended after ${Math.round(openMs)} ms${words}; could it reach the guest's VNC server?`
  return evidenceWarning('VIEWER_ENDED', `a look at the screen by ${argv.join(' ')}`, why)
}

/** @throws SeeError `TOOL_MISSING` */
async function requireViewer(program: string): Promise<void> {
  if (!program.includes('/')) {
    if (program === USUAL_VIEWER) await requireHookTool(program)
    // The package of another is known to its user.
    else await requireTool(program, `<the package of ${program}>`)
    return
  }
  try {
    await access(program, constants.X_OK)
  } catch (error) {
    throw new SeeError('TOOL_MISSING', `the viewer cannot be run: ${messageOf(error)}; correct "viewer"`, {
      cause: error,
    })
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true })
  })
}
