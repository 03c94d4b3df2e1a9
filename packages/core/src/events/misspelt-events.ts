import { declaredEvents } from './declared-events.ts'
import { type EvidenceWarning, evidenceWarning } from '../contract/evidence-warning.ts'
import { didYouMean } from '../common/nearest.ts'

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

interface EventFacts {
  /** What is declared for this environment, beside what all know. */
  readonly ofEnvironment: ReadonlySet<string>
  /** Whether nothing can fire what is not declared. */
  readonly isAllDeclared: boolean
}

/**
 * Warns of events that are not declared. Where undeclared events may be fired, it warns only of those whose names
 * resemble a declared one.
 */
export function misspeltEvents(
  configured: readonly ConfiguredEvent[],
  { ofEnvironment, isAllDeclared }: EventFacts,
): EvidenceWarning[] {
  const known = new Set([...declaredEvents, ...ofEnvironment])
  return configured.flatMap(({ event, hook, key, where }) => {
    const advice = didYouMean(event, known)
    if (known.has(event) || (advice === '' && !isAllDeclared)) return []
    const declare = isAllDeclared
      ? ''
      : ' If something of yours fires it, have that declare it by declareEvents'
    const why = `${where}: "${key}" names an event that nothing is known to fire${advice}${declare}`
    return [evidenceWarning('EVENT_UNKNOWN', `what ${hook} does at the event "${event}"`, why)]
  })
}
