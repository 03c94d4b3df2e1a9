import { messageOf, SeeError } from '../../../common/errors.ts'
import type { FoundEnvironment, LeftEntry, Undoer, UndoOptions } from '../../../contract/left.ts'
import { Daemons } from '../daemon/daemons.ts'
import type { LibvirtKind } from '../daemon/libvirt-kind.ts'
import { definitionKind, domainKind } from '../domain/domain-kind.ts'
import { stateKind } from '../domain/forget-state.ts'
import { networkKind } from '../network/removal/network-kind.ts'
import { filterKind } from '../network/firewall/filter-kind.ts'
import { tableKind } from '../network/firewall/table-kind.ts'
import { sweepSharedNetworks } from '../network/shared/host-network.ts'
import { sharedKind } from '../network/shared/shared-kind.ts'
import { poolKind } from '../storage/pool-kind.ts'
import { type DriverObjects, findObjects } from './find-objects.ts'

export interface AnyKind {
  readonly kind: string
  undo(identifier: string, payload: unknown, daemons: Daemons, options: UndoOptions): Promise<void>
}

/** With the type of its payload closed over, so that all are in one list. */
export function anyKind<Payload>({ kind, payload, undo }: LibvirtKind<Payload>): AnyKind {
  return {
    kind,
    undo: async (identifier, given, daemons, options) => {
      await undo({ identifier, payload: payload.parse(given), daemons, ...options })
    },
  }
}

const kinds: readonly AnyKind[] = [
  anyKind(domainKind),
  anyKind(definitionKind),
  anyKind(stateKind),
  anyKind(poolKind),
  anyKind(networkKind),
  anyKind(sharedKind),
  anyKind(filterKind),
  anyKind(tableKind),
]

/** Undoes what sandboxes through libvirt left, and finds such by what domains and networks say of themselves. */
export class LibvirtUndoer implements Undoer {
  readonly #daemons = new Daemons()
  readonly #kinds: readonly AnyKind[]
  readonly #objects: DriverObjects | undefined

  /** @param own the kinds of the driver's own */
  constructor(objects: DriverObjects | undefined, own: readonly AnyKind[] = []) {
    this.#objects = objects
    this.#kinds = [...kinds, ...own]
  }

  async undo(identifier: string, { kind, what, payload }: LeftEntry, options: UndoOptions): Promise<void> {
    const known = this.#kinds.find((each) => each.kind === kind)
    if (known === undefined) throw new TypeError(`${kind} is no kind of libvirt's`)
    try {
      await known.undo(identifier, payload, this.#daemons, options)
    } catch (error) {
      options.signal.throwIfAborted()
      if (error instanceof SeeError) throw error
      throw new SeeError('UNDO_FAILED', `${what} cannot be undone: ${messageOf(error)}`, { cause: error })
    }
  }

  async find({ signal }: UndoOptions): Promise<readonly FoundEnvironment[]> {
    signal.throwIfAborted()
    return this.#objects === undefined ? [] : await findObjects(this.#daemons, this.#objects)
  }

  async sweep({ signal }: UndoOptions): Promise<void> {
    await sweepSharedNetworks(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemons[Symbol.asyncDispose]()
  }
}
