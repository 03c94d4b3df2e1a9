import { isAbsolute } from 'node:path'
import { type AnyEvent, type EvidenceWarning, evidenceWarning, z } from '@see/core'
import { analyse } from './analysis.ts'
import { requireConfinedProgram } from '../confinement/confined-program.ts'
import { fileNameOf } from '../results/file-name.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'
import { boundKeys, commandWords, paths } from './tool-settings.ts'
import { otherHookTools } from '../processes/tools.ts'

const schema = z.object({
  results_folder: resultsKey('records and output'),
  command: commandWords
    .prefault(['vol'])
    .describe('How Volatility is started, as a list or a line; by its path if it is not in a usual folder.'),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Volatility 2: the profile of the guest's system. Without one the command line is that of Volatility 3.",
    ),
  plugins: z
    .array(z.string().regex(/^[\w.]+$/, 'expected the name of a plugin'))
    .min(1)
    .describe('The plugins that are run, one after the other.'),
  readable: paths
    .default([])
    .describe(
      'What Volatility may read beside the snapshot, if it lies outside /usr: its own folder, its symbols.',
    ),
  ...processingKeys,
  ...boundKeys,
})

/** Runs plugins of Volatility over memory snapshots, confined. */
export class VolatilityHook extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    const { command, readable } = this.configuration
    const [program, ...words] = command
    await this.#evidence.open()
    await requireConfinedProgram(program, {
      readable,
      needs: words.filter((word) => isAbsolute(word)),
      advice: `${otherHookTools.vol.advice}, and say in "command" how it is started`,
      signal: this.context.signal,
    })
    this.listen(this.configuration)
  }

  protected async process(evidence: readonly Evidence[], event: AnyEvent): Promise<void> {
    const { command, profile, plugins } = this.configuration
    if (evidence.length === 0) this.warnOf([nothingToAnalyse])
    for (const each of evidence) {
      for (const plugin of plugins) {
        const options =
          profile === undefined ? ['-q', '-f', '{path}'] : ['-f', '{path}', `--profile=${profile}`]
        await analyse({
          ...this.configuration,
          writer: this.#evidence,
          name: `volatility_${fileNameOf(plugin)}`,
          event,
          evidence: each,
          command: [...command, ...options, plugin],
          signal: this.context.signal,
          exitCodes: {
            warningOf: (exitCode) => pluginFailed(plugin, each.path, exitCode),
            warn: (warning) => this.warnOf([warning]),
          },
        })
      }
    }
  }
}

const nothingToAnalyse = evidenceWarning(
  'EVIDENCE_ABSENT',
  'what VolatilityHook finds',
  'there was no memory snapshot to analyse',
)

function pluginFailed(plugin: string, path: string, exitCode: number): EvidenceWarning | undefined {
  if (exitCode === 0) return undefined
  const why = `Volatility exited with ${exitCode}; what it said is beside the record`
  return evidenceWarning('PLUGIN_FAILED', `what the plugin ${plugin} finds in ${path}`, why)
}
