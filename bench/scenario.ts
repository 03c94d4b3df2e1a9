/** What is promised of a median. */
export interface Promised {
  readonly most?: number
  readonly least?: number
  /** At least so many times as fast, or as many a second, as what it is measured against. */
  readonly times?: number
}

/** A line of the table. */
export interface Row {
  readonly what: string
  readonly unit: 'ms' | '/s' | 'MiB'
  /** The `what` of another row of the same unit, to which the ratio is printed. */
  readonly against?: string
  readonly promise?: Promised
}

/** One thing to measure. Between two rounds nothing of it may work. */
export interface Scenario {
  /** By which it can be asked for. */
  readonly name: string
  readonly rows: readonly Row[]
  /** How often it is measured at most, where it takes long. */
  readonly rounds?: number
  start?(): Promise<void>
  /** Measures once: a number for each row. */
  round(): Promise<readonly number[]>
  end?(): Promise<void>
}

/** @returns how many milliseconds it took */
export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
