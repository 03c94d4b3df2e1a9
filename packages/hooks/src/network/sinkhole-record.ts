import {
  type EvidenceWarning,
  evidenceWarning,
  messageOf,
  type ProbeTraffic,
  type RequestSource,
  type SinkholeRequest,
} from '@see/core'
import { escapedJson } from '../results/escape-text.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { LineFile } from '../results/line-file.ts'

/** The guest decides how much it asks for. */
const MOST_BYTES = 16 * 1024 * 1024

/** Writes what a guest asks of its sinkhole into a file, a line of JSON for each request, up to a bound. */
export class SinkholeRecord {
  readonly entry: EvidenceEntry
  readonly #file: LineFile
  readonly #unlisten: () => void
  readonly #probes: readonly ProbeTraffic[]
  #bytes = 0
  #lost = 0
  #why = `the record reached its limit of ${MOST_BYTES} bytes`

  /**
   * @param probes whose requests are marked as such
   * @throws the operating system's error when the file cannot be made
   */
  constructor(source: RequestSource, entry: EvidenceEntry, probes: readonly ProbeTraffic[]) {
    this.#probes = probes
    this.entry = entry
    this.#file = new LineFile(entry.path, (bytes) => entry.pass(bytes))
    entry.begin()
    this.#unlisten = source.listen((request) => this.#add(request))
  }

  /** Nothing more is written. @returns what is not in it */
  close(): EvidenceWarning[] {
    this.#unlisten()
    this.#file.close()
    if (this.#lost === 0) return []
    return [evidenceWarning('SINKHOLE_RECORD_CUT', `${this.#lost} requests in ${this.entry.path}`, this.#why)]
  }

  /** Must not throw: it is called for every frame that matters. */
  #add(request: SinkholeRequest): void {
    const isProbe = this.#probes.some((probe) => probe.hasAsked(request))
    const mark = isProbe ? { isolation_probe: true } : {}
    const line = escapedJson({ time: new Date().toISOString(), ...request, ...mark })
    if (this.#lost > 0 || this.#bytes + line.length > MOST_BYTES) {
      this.#lost++
      return
    }
    try {
      this.#file.append(line)
      this.#bytes += Buffer.byteLength(line) + 1
    } catch (error) {
      this.#lost++
      this.#why = `it cannot be written: ${messageOf(error)}`
    }
  }
}
