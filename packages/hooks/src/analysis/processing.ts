import {
  type AnyEvent,
  type ConfiguredEventName,
  type EvidenceWarning,
  evidenceWarning,
  eventNames,
  Hook,
  messageOf,
  SeeError,
  z,
} from '@see/core'
import type { DiskCheckpoint } from '../disk/disk-events.ts'

/** The keys of every hook that processes evidence. */
export const processingKeys = {
  evidence_on_event: eventNames
    .prefault('memory_snapshot_taken')
    .describe('The event or events whose `path` is kept as evidence until processing starts.'),
  start_processing_on_event: eventNames
    .prefault('start_analysis')
    .describe(
      'The event or events that start it: over their own `path` if they have one, else over what was kept.',
    ),
  wait_processing_on_event: eventNames
    .prefault('wait_analysis')
    .describe('The event or events that wait until all processing has ended.'),
}

interface ProcessingEvents {
  readonly evidence_on_event: readonly ConfiguredEventName[]
  readonly start_processing_on_event: readonly ConfiguredEventName[]
  readonly wait_processing_on_event: readonly ConfiguredEventName[]
}

/** A file that another hook left, and the event that named it. */
export interface Evidence {
  readonly path: string
  readonly event: string
  /** The checkpoints of the guest's further disks, if this is a checkpoint. */
  readonly otherDisks?: readonly DiskCheckpoint[]
}

const filePath = z.string().min(1)
const evidencePath = z.object({
  path: filePath,
  // Another's event may have anything by this name.
  other_disks: z
    .array(z.object({ disk: z.string().min(1), path: filePath }))
    .optional()
    .catch(undefined),
})

/** A hook that processes evidence beside the run, one start after the other. */
export abstract class ProcessingHook<Schema extends z.ZodObject> extends Hook<Schema> {
  #evidence: Evidence[] = []
  #last = Promise.resolve()

  protected abstract process(evidence: readonly Evidence[], event: AnyEvent): Promise<void>

  protected listen(events: ProcessingEvents): void {
    const starts = new Set(events.start_processing_on_event)
    for (const event of new Set(events.evidence_on_event)) {
      if (!starts.has(event)) this.context.subscribe(event, this.keepEvidence)
    }
    for (const event of starts) this.context.subscribeAsync(event, this.startProcessing)
    for (const event of new Set(events.wait_processing_on_event)) {
      this.context.subscribe(event, this.waitForProcessing)
    }
  }

  /** Evidence that was kept, and whose processing was never started, is a warning. */
  override async cleanup(): Promise<void> {
    const [first] = this.#evidence
    if (first === undefined) return
    const more = this.#evidence.length > 1 ? ` and ${this.#evidence.length - 1} more` : ''
    const what = `what ${this.constructor.name} finds in ${first.path}${more}`
    const why = 'no event started the processing before the environment ended'
    await this.context.warn(evidenceWarning('EVIDENCE_UNPROCESSED', what, why))
  }

  readonly keepEvidence = (event: AnyEvent): void => {
    const evidence = evidenceOf(event)
    if (evidence === undefined) {
      throw new SeeError(
        'CONFIGURATION_INVALID',
        `event ${event.name} has no "path" of evidence; correct evidence_on_event`,
      )
    }
    this.#evidence.push(evidence)
  }

  readonly startProcessing = async (event: AnyEvent): Promise<void> => {
    const own = evidenceOf(event)
    const evidence = own === undefined ? this.#evidence : [own]
    if (own === undefined) this.#evidence = []
    const processed = this.#last.then(() => {
      this.context.signal.throwIfAborted()
      return this.process(evidence, event)
    })
    this.#last = processed.catch(() => undefined)
    await processed
  }

  /**
   * Puts warnings on record. Their events are not awaited: while a handler waits for this processing, they wait for that
   * handler.
   */
  protected warnOf(warnings: readonly EvidenceWarning[]): void {
    for (const warning of warnings) {
      this.context.warn(warning).catch((error: unknown) => {
        this.logger.info({ code: warning.code, error: messageOf(error) }, 'warning without its event')
      })
    }
  }

  /** Called when the processing was waited for: only then can a hook fire an event with its results. */
  protected processed?(): Promise<void>

  /** What fails is on record by the handler that started it. */
  readonly waitForProcessing = async (): Promise<void> => {
    await this.#last
    await this.processed?.()
  }
}

function evidenceOf(event: AnyEvent): Evidence | undefined {
  const parsed = evidencePath.safeParse(event)
  if (!parsed.success) return undefined
  const { path, other_disks: otherDisks } = parsed.data
  return { path, event: event.name, ...(otherDisks !== undefined && { otherDisks }) }
}
