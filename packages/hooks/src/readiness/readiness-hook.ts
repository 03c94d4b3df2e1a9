import { type EventOf, Hook, printableJson, z } from '@see/core'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { imageType } from '../results/image-type.ts'
import { resultsKey } from '../results/results-key.ts'
import { notReadyRecord } from './not-ready-record.ts'

const schema = z.object({
  results_folder: resultsKey('what was seen of a guest that did not get ready'),
})

/**
 * Writes why a guest did not get ready, as `ready()` of the context sees it: `<identifier>_not-ready.json`, and a picture of
 * the screen.
 */
export class ReadinessHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    await this.#evidence.open()
    this.context.subscribe('not_ready', this.writeDiagnosis)
  }

  readonly writeDiagnosis = async (event: EventOf<'not_ready'>): Promise<void> => {
    const { diagnosis } = this.context
    if (diagnosis === undefined) return
    const text = `${printableJson(notReadyRecord(diagnosis), 2)}\n`
    const name = { name: 'not-ready', extension: 'json', kind: 'not_ready', event } as const
    const of = await this.#evidence.write(name, text)
    if (diagnosis.screenshot === undefined) return
    const [extension, mediaType] = imageType(diagnosis.screenshot)
    await this.#evidence.write(
      { name: 'not-ready', extension, kind: 'screenshot', mediaType, event, of },
      diagnosis.screenshot,
    )
  }
}
