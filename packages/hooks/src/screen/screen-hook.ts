import { type AnyEvent, evidenceWarning, eventNames, Hook, requireAbility, SeeError, z } from '@see/core'
import { collectBounded } from '../processes/collect-bounded.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { fileNameOf } from '../results/file-name.ts'
import { imageType } from '../results/image-type.ts'
import { resultsKey } from '../results/results-key.ts'

/** An 8K screen of 24 bits is 95 MiB as PPM, but what libvirt sends as PNG is far smaller. */
const LIMIT_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 30_000

const schema = z.object({
  results_folder: resultsKey('the screenshots'),
  screenshot_on_event: eventNames
    .default([])
    .describe('The event or events at which the screen is captured.'),
})

const noScreen = evidenceWarning(
  'SCREEN_MISSING',
  'screenshots of the guest',
  'the domain has no screen; add <graphics type="vnc"/> and <video/> to the devices of its XML to have one',
)

/** Captures the guest's screen at the configured events, as `<identifier>_<event>.<extension>`. */
export class ScreenHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    const { screenshot_on_event } = this.configuration
    const screen = requireAbility(this.context, 'screen', { for: 'ScreenHook' })
    if (!(await screen.isConfigured())) return await this.context.warn(noScreen)
    await this.#evidence.open()
    for (const event of new Set(screenshot_on_event)) this.context.subscribe(event, this.captureScreenshot)
  }

  readonly captureScreenshot = async (event: AnyEvent): Promise<void> => {
    const screen = requireAbility(this.context, 'screen', { for: 'ScreenHook' })
    const state = await this.context.state()
    // What a crashed guest shows is mostly why.
    if (state !== 'running' && state !== 'paused' && state !== 'crashed') {
      throw new SeeError(
        'GUEST_STOPPED',
        `cannot capture the screen at ${event.name}: the guest is ${state}; choose an event at which it runs or is paused`,
      )
    }
    const data = await collectBounded(async (options) => (await screen.capture(options)).data, {
      what: `the screenshot at ${event.name}`,
      maxBytes: LIMIT_BYTES,
      timeoutMs: TIMEOUT_MS,
    })
    const [extension, mediaType] = imageType(data)
    const name = fileNameOf(event.name)
    const path = await this.#evidence.write({ kind: 'screenshot', name, extension, mediaType, event }, data)
    this.logger.info({ event: event.name, path }, 'screenshot captured')
  }
}
