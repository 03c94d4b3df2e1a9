import { AsyncLocalStorage } from 'node:async_hooks'
import { nameOf, type Owner } from './owner.ts'
import type { Actor } from './critical-section.ts'

const storage = new AsyncLocalStorage<Actor>()

export function currentActor(): Actor | undefined {
  return storage.getStore()
}

/** On whose behalf the present code runs; undefined outside of hooks, handlers and protocols. */
export function currentOwner(): Owner | undefined {
  return storage.getStore()?.owner
}

/** On whose behalf the present code runs, and in which handler for which event where it runs in a synchronous one. */
export function currentRun():
  | { readonly owner: string; readonly handler?: string; readonly event?: string }
  | undefined {
  const actor = storage.getStore()
  if (actor === undefined) return undefined
  const { owner, turn } = actor
  if (turn?.run === undefined) return { owner: owner.name }
  return { owner: owner.name, handler: nameOf(turn.run.subscription), event: turn.run.event }
}

export function runAs<Arguments extends unknown[], Result>(
  actor: Actor,
  run: (...parameters: Arguments) => Result,
  ...parameters: Arguments
): Result {
  return storage.run(actor, run, ...parameters)
}

/** Runs a function that acts for `owner`: what it subscribes is the owner's, and so is what it fires. */
export function runFor<Result>(owner: Owner, run: () => Result): Result {
  return storage.run({ owner, turn: storage.getStore()?.turn }, run)
}

/** Runs a function whose events carry `origin` as who fired them. */
export function withOrigin<Result>(origin: string, run: () => Result): Result {
  return runFor({ name: origin }, run)
}
