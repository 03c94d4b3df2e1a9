import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ScreenAbility } from '../contract/screen-ability.ts'
import { readScreen } from './read-screen.ts'
import type { SettledScreen } from './ready-options.ts'

const SETTLED_MS = 5000
const INTERVAL_MS = 250

/** One look at the screen. */
export interface Look {
  /** In milliseconds, by any clock. */
  readonly atMs: number
  /** A hash of what it showed. */
  readonly picture: string
}

/**
 * Whether the screen did not change for `settledMs`, in milliseconds: it showed one picture, or two in turns, as one with a
 * blinking cursor does.
 */
export function hasSettled(looks: readonly Look[], settledMs: number): boolean {
  const last = looks.at(-1)
  const since = (last?.atMs ?? 0) - settledMs
  if (last === undefined || (looks[0]?.atMs ?? last.atMs) > since) return false
  const within = looks.filter(({ atMs }) => atMs >= since)
  const pictures = new Set(within.map(({ picture }) => picture))
  if (pictures.size <= 1) return true
  const changes = within.filter(({ picture }, index) => index > 0 && picture !== within[index - 1]?.picture)
  return pictures.size === 2 && changes.length >= 3
}

/** Waits until the screen stopped changing. */
export async function untilSettled(
  screen: ScreenAbility,
  { settledMs = SETTLED_MS, intervalMs = INTERVAL_MS }: SettledScreen,
  signal: AbortSignal,
): Promise<void> {
  let looks: Look[] = []
  for (;;) {
    const data = await readScreen(screen, signal)
    const atMs = performance.now()
    const picture = createHash('sha256').update(data).digest('hex')
    // The look before shows that enough time has passed.
    const firstWithin = looks.findIndex((look) => look.atMs >= atMs - settledMs)
    looks = [...looks.slice(Math.max(0, firstWithin - 1)), { atMs, picture }]
    if (hasSettled(looks, settledMs)) return
    await sleep(intervalMs, undefined, { signal })
  }
}
