import { join } from 'node:path'
import { z } from '@see/core'
import { analyse } from './analysis.ts'
import { assertConfinement } from './confined-command.ts'
import { fileNameOf } from './file-name.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { requireTool } from './required-tool.ts'
import { prepareResultsFolder } from './results-folder.ts'
import { boundKeys, commandWords, paths } from './tool-settings.ts'

const schema = z.object({
  /** The folder for records and output; made when missing. */
  results_folder: z.string().min(1),
  /** How Volatility is started, by its path if it is not in a usual folder. */
  command: commandWords.prefault(['vol']),
  /** Volatility 2: the profile of the guest's system. Without one the command line is that of Volatility 3. */
  profile: z.string().min(1).optional(),
  /** The plugins that are run, one after the other. */
  plugins: z.array(z.string().regex(/^[\w.]+$/, 'expected the name of a plugin')).min(1),
  /** What Volatility may read beside the snapshot: its own folder, its symbols. */
  readable: paths.default([]),
  ...processingKeys,
  ...boundKeys,
})

/** Runs plugins of Volatility over memory snapshots, confined. */
export class VolatilityHook extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  #folder = ''

  async setup(): Promise<void> {
    const { results_folder, command } = this.configuration
    this.#folder = await prepareResultsFolder(results_folder)
    if (!command[0].includes('/')) await requireTool(command[0], 'nothing: see volatilityfoundation.org')
    await assertConfinement(this.context.signal)
    this.listen(this.configuration)
  }

  protected async process(evidence: readonly Evidence[]): Promise<void> {
    const { command, profile, plugins } = this.configuration
    for (const each of evidence) {
      for (const plugin of plugins) {
        const options =
          profile === undefined ? ['-q', '-f', '{path}'] : ['-f', '{path}', `--profile=${profile}`]
        const base = join(this.#folder, `${this.identifier}_volatility_${fileNameOf(plugin)}`)
        await analyse({
          ...this.configuration,
          base,
          evidence: each,
          command: [...command, ...options, plugin],
          signal: this.context.signal,
        })
      }
    }
  }
}
