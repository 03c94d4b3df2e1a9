import { currentActor } from './actor.ts'
import { SeeError } from '../common/errors.ts'
import type { GuestEndReason, GuestRebootReason } from '../contract/guest-end.ts'
import type { LimitAction, LimitName } from '../contract/limit-reached.ts'

/** Attributes of an event whose declaration allows any; the reserved names are refused. */
export interface Attributes {
  readonly [attribute: string]: unknown
  readonly name?: never
  readonly origin?: never
  readonly timestamp?: never
}

/**
 * The events and their attributes. Open: a package adds its own by declaration merging, always through
 * `declare module '@see/core'`.
 */
// biome-ignore format: one line for each transition
export interface EventMap {
  /** Fired by `poweron` before the guest is powered on; the domain is shutoff. */
  pre_poweron: Attributes
  /** Fired by `poweron` when the guest is powered on; the domain is running. */
  post_poweron: Attributes
  /** Fired by `pause` before the guest is suspended; the domain is running. */
  pre_pause: Attributes
  /** Fired by `pause` when the guest is suspended; the domain is paused. */
  post_pause: Attributes
  /** Fired by `resume` before the guest goes on; the domain is paused or suspended to RAM. */
  pre_resume: Attributes
  /** Fired by `resume` when the guest goes on; the domain is running. */
  post_resume: Attributes
  /** Fired by `restart` before the guest is asked to; the domain is running or crashed. */
  pre_restart: Attributes
  /** Fired by `restart` when the guest was asked to; the domain is running. */
  post_restart: Attributes
  /** Fired by `shutdown` before the guest is asked to; the domain is running. */
  pre_shutdown: Attributes
  /** Fired by `shutdown` once the guest has shut down; the domain is shutoff. */
  post_shutdown: Attributes
  /** Fired by `poweroff` before the power is cut. */
  pre_poweroff: Attributes
  /** Fired by `poweroff` when the power is cut; the domain is shutoff. */
  post_poweroff: Attributes
  /** Fired by the context when the kernel of the guest panics and the panic device, or libvirt, reports it. */
  domain_crashed: {
    /** `crashed`. */
    readonly reason: 'crashed'
    /** What is known of the crash, in one line. */
    readonly detail: string
    /** QEMU's exit code; null where it still runs, and through libvirt. */
    readonly exit_code: number | null
    /** The signal that ended QEMU; null where none did, and through libvirt. */
    readonly signal: string | null
  }
  /** Fired by the context, once, when the guest stops in another way, without a request through the context or its domain. */
  domain_stopped: {
    /** `powered_off`, `stopped` (a container's init ended), `killed`, `failed` or `lost` (with libvirtd). */
    readonly reason: Exclude<GuestEndReason, 'crashed'>
    /** What is known of the end, in one line. */
    readonly detail: string
    /** QEMU's exit code; null where a signal ended it, where it still runs, and through libvirt. */
    readonly exit_code: number | null
    /** The signal that ended QEMU; null where none did, and through libvirt. */
    readonly signal: string | null
  }
  /** Fired by the context when the guest reboots without a request; it runs on. Only for the first 100 reboots. */
  domain_rebooted: {
    /** `guest_reset`: the guest reset its machine, or the init of a container asked for it. */
    readonly reason: GuestRebootReason
    /** What is known of the reboot, in one line. */
    readonly detail: string
  }
  /** Fired by `verifyIsolation` of the context when the guest has tried what its network forbids and allows. */
  isolation_verified: {
    /** The network's mode; null where it is not known. */
    readonly mode: string | null
    /** How much the guest reached that is forbidden, or did not reach that is allowed by name or address. */
    readonly mismatches: number
    /** How many attempts say nothing. */
    readonly unproved: number
    /** How long it took, in milliseconds. */
    readonly duration_ms: number
    /** Why the guest tried nothing; null where it did. */
    readonly unprobed: string | null
  }
  /** Fired by `ready` of the context when the guest was seen to be ready. */
  ready: {
    /** What it was seen by first: `agent`, `address`, `serial`, `port` or `screen`. */
    readonly by: 'agent' | 'address' | 'serial' | 'port' | 'screen'
    /** How long the wait took, in milliseconds. */
    readonly after_ms: number
    /** The address, the address and port, or what matched on the console; null for the others. */
    readonly detail: string | null
  }
  /** Fired by `ready` of the context, before it throws, when the guest is not ready in time, or ends. */
  not_ready: {
    /** The likely cause, in one line. */
    readonly cause: string
    /** What was waited for. */
    readonly waited_for: readonly ('agent' | 'address' | 'serial' | 'port' | 'screen')[]
    /** How long, in milliseconds. */
    readonly after_ms: number
  }
  /** Fired by the context when a limit of the environment is reached; only for the first 100. */
  limit_reached: {
    /** The limit, mostly by the name of its key in `limits` of the resources. */
    readonly limit: LimitName
    /** What it is, in the unit of the limit. */
    readonly bound: number
    /** What was measured, in the same unit. */
    readonly measured: number
    /** What was done: `killed`, `paused`, `refused` or `cut`. */
    readonly action: LimitAction
    /** What happened, and what helps, in one line. */
    readonly detail: string
  }
  /** Fired by `SeeContext.warn`, for a hook or for the sandbox: evidence lacks something. */
  evidence_incomplete: {
    /** Which kind of gap it is; docs/limits.md has a heading for each stock code. */
    readonly code: string
    /** What is missing from the evidence. */
    readonly what: string
    /** Why it is missing, and what helps where something does. */
    readonly why: string
    /** Where the code is explained; null for one that is not a stock code. */
    readonly limits: string | null
  }
  /** Fired by the environment when its deadline is reached, a second at most before it is ended. */
  deadline_reached: {
    /** The deadline, in milliseconds since the environment was allocated. */
    readonly deadline_ms: number
  }
}

export type EventName = Extract<keyof EventMap, string>

/**
 * What handlers receive: a name, who fired it and when, and the event's attributes as own properties. Immutable;
 * `${event}` is its name.
 */
export class SeeEvent<Name extends string = string> {
  readonly name: Name
  /** Who fired it: the name of a hook, of a context class, or `environment` for its user. */
  readonly origin: string
  /** When it was fired, in milliseconds since the epoch. */
  readonly timestamp: number
  #sequence: number | undefined

  private constructor(name: Name, origin: string) {
    this.name = name
    this.origin = origin
    this.timestamp = Date.now()
  }

  /**
   * Makes an event, fired by the caller.
   * @throws SeeError `EVENT_RESERVED_ATTRIBUTE` when an attribute would hide a part of the event itself
   */
  static create<Name extends string, A extends object = object>(
    name: Name,
    attributes?: A,
    origin = currentActor()?.owner.name ?? 'environment',
  ): SeeEvent<Name> & Readonly<A> {
    const event = new SeeEvent(name, origin)
    for (const attribute in attributes) {
      if (attribute in event) {
        throw new SeeError(
          'EVENT_RESERVED_ATTRIBUTE',
          `the attribute "${attribute}" of event "${name}" is reserved; give it another name`,
        )
      }
    }
    const made = Object.assign(event, attributes)
    Object.freeze(made)
    return made
  }

  /** Which of its context's events it is, counted from 1 as on the timeline; undefined until it is fired. */
  static sequenceOf(event: SeeEvent): number | undefined {
    return #sequence in event ? event.#sequence : undefined
  }

  /** Called by the context that fires it. */
  static count(event: SeeEvent, sequence: number): void {
    if (#sequence in event) event.#sequence = sequence
  }

  toString(): Name {
    return this.name
  }
}

/** An event with the attributes its declaration gives it. */
export type EventOf<Name extends EventName> = SeeEvent<Name> & Readonly<Omit<EventMap[Name], keyof SeeEvent>>
/** An event of which only the configuration knows the name. */
export type AnyEvent = SeeEvent & { readonly [attribute: string]: unknown }

/** The attributes of an event without SeeEvent's own properties. */
export function attributesOf(event: SeeEvent): Record<string, unknown> {
  const { name: _name, origin: _origin, timestamp: _timestamp, ...attributes } = event
  return attributes
}

type Reserved = { readonly [K in 'name' | 'origin' | 'timestamp']?: never }

/** The arguments of `trigger` after the name: required when one attribute is. */
export type AttributesArgument<Name extends EventName> =
  Partial<EventMap[Name]> extends EventMap[Name]
    ? [attributes?: EventMap[Name] & Reserved]
    : [attributes: EventMap[Name] & Reserved]
