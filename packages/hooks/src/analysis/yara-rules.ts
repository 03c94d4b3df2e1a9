import { mkdtemp } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SeeError, z } from '@see/core'
import { assertWithinBounds } from './analysis.ts'
import type { ConfinedResult } from '../confinement/confined-command.ts'

const identifier = z
  .string()
  .regex(/^[A-Za-z_]\w{0,127}$/, 'expected the name of a variable: letters, digits and _')

/** External variables of rules, by name. */
export const externalVariables = z
  .record(identifier, z.union([z.boolean(), z.number(), z.string().max(4096)]))
  .default({})
  .describe('External variables that the rules use, such as `{ "is_server": true }`.')

/** Runs a command, confined, that may read `readable` and write into `writable`. */
type Run = (
  command: readonly [string, ...string[]],
  readable: readonly string[],
  writable: string,
) => Promise<ConfinedResult>

export interface CompiledRules {
  /** The path of the compiled rules. */
  readonly path: string
  /** The file in which the rules of a namespace stand; null where all files share one. */
  readonly fileOf: (namespace: string) => string | null
  /** What the compiler warned of. */
  readonly warnings: string
}

/**
 * Compiles files of rules. Each has a namespace of its own, so that two may include the same helper rule; files whose
 * rules refer to those of others share one.
 * @param folder where the compiled rules are written, in a folder of their own
 * @throws SeeError `CONFIGURATION_INVALID`, with the compiler's words, or `TOOL_FAILED` when it exceeded a bound
 */
export async function compileRules(
  given: { readonly rules: readonly string[]; readonly externals: z.output<typeof externalVariables> },
  folder: string,
  run: Run,
): Promise<CompiledRules> {
  const files = given.rules.map((path) => resolve(path))
  const defines = Object.entries(given.externals).flatMap(([name, value]) => ['-d', `${name}=${value}`])
  // Rules may include others beside them.
  const readable = files.map(dirname)
  const compile = async (namespaceOf: (index: number) => string) => {
    const writable = await mkdtemp(join(folder, 'rules-'))
    const path = join(writable, 'compiled')
    // A path may have a colon, which would end a namespace; behind one it ends none.
    const named = files.map((file, index) => `${namespaceOf(index)}:${file}`)
    return { path, result: await run(['yarac', ...defines, ...named, path], readable, writable) }
  }
  const apart = await compile((index) => `file${index}`)
  if (apart.result.exitCode === 0) return compiled(apart, (name) => files[Number(name.slice(4))] ?? null)
  const together = files.length > 1 ? await compile(() => 'default') : apart
  if (together.result.exitCode === 0) return compiled(together, () => null)
  assertWithinBounds(['yarac'], apart.result)
  // The compiler's words of the first try fit the files as they are described.
  const words = textOf(apart.result).trim().slice(0, 2000)
  throw new SeeError('CONFIGURATION_INVALID', `the rules cannot be compiled: ${words}`)
}

function compiled(
  { path, result }: { readonly path: string; readonly result: ConfinedResult },
  fileOf: CompiledRules['fileOf'],
): CompiledRules {
  return { path, fileOf, warnings: textOf(result).trim() }
}

function textOf({ stderr }: ConfinedResult): string {
  return stderr.toString()
}
