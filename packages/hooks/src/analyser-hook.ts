import { join } from 'node:path'
import { z } from '@see/core'
import { analyse } from './analysis.ts'
import { assertConfinement } from './confined-command.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { prepareResultsFolder } from './results-folder.ts'
import { boundKeys, commandWords, paths } from './tool-settings.ts'

const schema = z.object({
  /** The folder for records and output; made when missing. */
  results_folder: z.string().min(1),
  /** What is run; `{path}` is the evidence, `{output}` a folder that it may write. */
  command: commandWords,
  /** What it may read beside the evidence and the system's programs. */
  readable: paths.default([]),
  ...processingKeys,
  ...boundKeys,
})

/** Runs any command over evidence that other hooks leave, confined. */
export class AnalyserHook extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  #folder = ''

  async setup(): Promise<void> {
    this.#folder = await prepareResultsFolder(this.configuration.results_folder)
    await assertConfinement(this.context.signal)
    this.listen(this.configuration)
  }

  protected async process(evidence: readonly Evidence[]): Promise<void> {
    for (const each of evidence) {
      const base = join(this.#folder, `${this.identifier}_analysis`)
      await analyse({ ...this.configuration, base, evidence: each, signal: this.context.signal })
    }
  }
}
