import { declaredEvents } from './declared-events.ts'
import { type EvidenceWarning, evidenceWarning } from './evidence-warning.ts'
import { didYouMean } from './nearest.ts'

/** An event that a hook is configured to act at. */
export interface ConfiguredEvent {
  readonly event: string
  /** The name of the hook. */
  readonly hook: string
  /** The key of its configuration. */
  readonly key: string
  /** The key's place, `file:line:column`. */
  readonly where: string
}

/**
 * Warns of events that are not declared and are named much as one that is. Anything else may be fired by who knows.
 * @param ofEnvironment what is declared beside what all know
 */
export function misspeltEvents(
  configured: readonly ConfiguredEvent[],
  ofEnvironment: ReadonlySet<string>,
): EvidenceWarning[] {
  const known = new Set([...declaredEvents, ...ofEnvironment])
  return configured.flatMap(({ event, hook, key, where }) => {
    const advice = known.has(event) ? '' : didYouMean(event, known)
    if (advice === '') return []
    const why = `${where}: "${key}" names an event that nothing is known to fire${advice} If something of yours fires it, have that declare it by declareEvents`
    return [evidenceWarning('EVENT_UNKNOWN', `what ${hook} does at the event "${event}"`, why)]
  })
}
