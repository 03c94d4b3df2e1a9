import { type EventMap, messageOf, type SeeContext } from '@see/core'

/** Announcements that wait for their turn; what is written beyond them is in the manifest only. */
const MOST_WAITING = 1000

/** Fires `evidence_written`, and does not wait for it: an event that is being handled may be waiting for who writes. */
export class Announcer {
  readonly #context: SeeContext
  #waiting = 0

  constructor(context: SeeContext) {
    this.#context = context
  }

  announce(file: EventMap['evidence_written']): void {
    const { logger } = this.#context
    if (this.#waiting >= MOST_WAITING) {
      logger.info({ path: file.path }, `evidence without its event: ${MOST_WAITING} wait already`)
      return
    }
    this.#waiting++
    void this.#context
      .trigger('evidence_written', file)
      .catch((error: unknown) => {
        logger.info({ path: file.path, error: messageOf(error) }, 'evidence without its event')
      })
      .finally(() => void this.#waiting--)
  }
}
