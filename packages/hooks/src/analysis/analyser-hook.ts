import { type AnyEvent, evidenceWarning, z } from '@see/core'
import { analyse } from './analysis.ts'
import { requireConfinedProgram } from '../confinement/confined-program.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'
import { boundKeys, commandWords, paths } from './tool-settings.ts'

const schema = z.object({
  results_folder: resultsKey('records and output'),
  command: commandWords.describe(
    'A program and its arguments, as a list or as a line, of which only quotes are understood: there is no shell. `{path}` is the evidence, `{output}` a folder that may be written.',
  ),
  readable: paths
    .default([])
    .describe(
      "A path or a list of paths that the command may read beside the evidence and the system's programs.",
    ),
  ...processingKeys,
  ...boundKeys,
})

/** Runs any command over evidence that other hooks leave, confined. */
export class AnalyserHook extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    const { command, readable } = this.configuration
    await this.#evidence.open()
    await requireConfinedProgram(command[0], { readable, signal: this.context.signal })
    this.listen(this.configuration)
  }

  protected async process(evidence: readonly Evidence[], event: AnyEvent): Promise<void> {
    if (evidence.length === 0) this.warnOf([nothingToAnalyse])
    for (const each of evidence) {
      await analyse({
        ...this.configuration,
        writer: this.#evidence,
        name: 'analysis',
        event,
        evidence: each,
        signal: this.context.signal,
      })
    }
  }
}

const nothingToAnalyse = evidenceWarning(
  'EVIDENCE_ABSENT',
  'what AnalyserHook finds',
  'no event brought evidence that could be analysed',
)
