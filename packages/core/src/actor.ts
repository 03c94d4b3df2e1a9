import { AsyncLocalStorage } from 'node:async_hooks'
import type { Turn } from './turn.ts'

/** On whose behalf the present code runs, and in which turn of a context, if any. */
interface Actor {
  readonly origin: string
  readonly turn: Turn | undefined
}

const storage = new AsyncLocalStorage<Actor>()

export function currentActor(): Actor | undefined {
  return storage.getStore()
}

export function runAs<Arguments extends unknown[], Result>(
  actor: Actor,
  run: (...parameters: Arguments) => Result,
  ...parameters: Arguments
): Result {
  return storage.run(actor, run, ...parameters)
}

/** Runs a function whose events carry `origin` as who fired them. */
export function withOrigin<Result>(origin: string, run: () => Result): Result {
  return storage.run({ origin, turn: storage.getStore()?.turn }, run)
}
