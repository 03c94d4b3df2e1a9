import { type EventOf, Hook, printableJson, z } from '@see/core'
import type { Isolation } from '@see/evidence'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'

const schema = z.object({
  results_folder: resultsKey('the receipt of the isolation'),
})

/** Writes what a guest was seen to be isolated from, as `<identifier>_isolation.json`, each time that it was verified. */
export class IsolationHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    await this.#evidence.open()
    this.context.subscribe('isolation_verified', this.writeReceipt)
  }

  readonly writeReceipt = async (event: EventOf<'isolation_verified'>): Promise<void> => {
    const { isolation } = this.context
    if (isolation === undefined) return
    const { mode, lines, from, to, durationMs, unprobed } = isolation
    const receipt: Isolation = { mode, attempts: [...lines], from, to, duration_ms: durationMs, unprobed }
    const name = { name: 'isolation', extension: 'json', kind: 'isolation', event } as const
    await this.#evidence.write(name, `${printableJson(receipt, 2)}\n`)
  }
}
