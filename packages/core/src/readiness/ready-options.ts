import type { WaitOptions } from '../contract/wait-options.ts'

/** When a screen counts as one that stopped changing. */
export interface SettledScreen {
  /** How long it stays as it is, in milliseconds; 5,000 when not given. A blinking cursor is no change. */
  readonly settledMs?: number
  /** Between two looks at it, in milliseconds; 250 when not given. */
  readonly intervalMs?: number
}

/** By what a guest may be seen to be ready: the first of those that are given counts. */
interface ReadySources {
  /** The guest's agent answers. */
  readonly agent?: boolean
  /** The guest has an IPv4 address. */
  readonly address?: boolean
  /** The end of what the guest wrote on its console matches, from 4 KiB before. */
  readonly serial?: RegExp
  /** The guest accepts connections at this TCP port, where this host reaches the guest. */
  readonly port?: number
  /** The screen stopped changing, whatever it shows: a black screen as well. */
  readonly screen?: true | SettledScreen
}

/** What is waited for, and how long: two minutes when `timeoutMs` is not given. */
export interface ReadyOptions extends ReadySources, WaitOptions {}

export type ReadySource = keyof ReadySources

/** What a guest was seen to be ready by. */
export interface Readiness {
  readonly by: ReadySource
  /** Since the wait began, in milliseconds. */
  readonly afterMs: number
  /** The address, the address and port, or what matched on the console; null for the others. */
  readonly detail: string | null
}
