import { setTimeout as sleep } from 'node:timers/promises'

/** What goes wrong in a simulated sandbox. */
export interface Faults {
  /**
   * These methods throw: of the domain, of the resources (`allocate`, `deallocate`, `capture`, `guestDisk`, …), of the
   * agent (`ping`, `exec`, `readFile`, `writeFile`), and `read` of the disk.
   */
  readonly failing?: readonly string[]
  /** These methods of the domain are never answered. */
  readonly hanging?: readonly string[]
  /** The guest does nothing when it is asked to shut down. */
  readonly ignoresShutdown?: boolean
  /** The guest gets no address. */
  readonly noAddress?: boolean
  /** Milliseconds that each transition takes. */
  readonly delayMs?: number
  /** The agent does not answer, as one whose guest boots. */
  readonly silentAgent?: boolean
  /** Programs that are run in the guest do not end. */
  readonly endlessPrograms?: boolean
  /** What this guest does not have, though its provider can give it one. */
  readonly without?: readonly ('console' | 'disk' | 'network' | 'screen' | 'vnc')[]
  /** A capture begins when the guest has sent packets already. */
  readonly lateCapture?: boolean
  /** Why packets of a capture were lost. */
  readonly packetLoss?: string
}

/** Does what the faults make of a call of a method. */
export function mayFail({ failing }: Faults, method: string): void {
  if (failing?.includes(method) === true) throw new Error(`simulated failure of ${method}`)
}

/** The same, and takes its time. */
export async function mayFailLater(faults: Faults, method: string): Promise<void> {
  if (faults.hanging?.includes(method) === true) await new Promise(() => undefined)
  if (faults.delayMs !== undefined) await sleep(faults.delayMs)
  mayFail(faults, method)
}
