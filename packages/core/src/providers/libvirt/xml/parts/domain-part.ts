import type { Element } from '../../../../common/xml-elements.ts'

/**
 * What happens to a part: each environment gets its `own`; it is `dropped`; the allocation is `refused`; or it is `left` as
 * the user wrote it.
 */
type Fate = 'own' | 'dropped' | 'refused' | 'left'

/** A part of a domain's XML that names something of the host, or that has to follow what SEE changes. */
export interface DomainPart {
  /** The names of the elements that lead to it, below `<domain>`. */
  readonly path: readonly string[]
  /** Which elements of that name are meant; all when not given. */
  readonly which?: string
  readonly fate: Fate
  /** What it becomes, why it is refused, or what to know of it. */
  readonly words: string
  readonly isMeant?: (element: Element) => boolean
  /** Makes it the environment's own; not given where the resources file decides what it becomes. */
  readonly makeOwn?: (element: Element, identifier: string) => void
}

/** Whether an attribute of an element has one of these values. */
export function has(name: string, ...values: readonly string[]): (element: Element) => boolean {
  return (element) => values.includes(element.getAttribute(name) ?? '')
}
