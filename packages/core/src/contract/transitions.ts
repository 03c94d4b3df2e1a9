import { SeeError } from '../common/errors.ts'

/** libvirt's domain states (virDomainState), by its names. */
export type DomainState =
  | 'nostate'
  | 'running'
  | 'blocked'
  | 'paused'
  | 'shutdown'
  | 'shutoff'
  | 'crashed'
  | 'pmsuspended'

export type Transition = 'poweron' | 'pause' | 'resume' | 'restart' | 'shutdown' | 'poweroff'

/** What can be asked of a domain in each state. */
export const transitions = {
  running: ['pause', 'restart', 'shutdown', 'poweroff'],
  paused: ['resume', 'poweroff'],
  shutdown: ['poweroff'],
  shutoff: ['poweron'],
  crashed: ['poweron', 'restart', 'poweroff'],
  pmsuspended: ['resume', 'poweroff'],
  nostate: [],
  blocked: [],
} as const satisfies Record<DomainState, readonly Transition[]>

/** @throws SeeError `TRANSITION_FORBIDDEN`, naming the state and what it allows */
export function assertAllowed(transition: Transition, state: DomainState): void {
  const allowed: readonly Transition[] = transitions[state]
  if (allowed.includes(transition)) return
  const instead = allowed.length === 0 ? 'nothing is allowed' : `allowed: ${allowed.join(', ')}`
  throw new SeeError('TRANSITION_FORBIDDEN', `cannot ${transition} a domain that is ${state} (${instead})`)
}
