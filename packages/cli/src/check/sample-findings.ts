import { hookTools } from '@see/hooks/tools'
import { unpackTools } from '@see/runner/unpack-tools'
import type { Finding } from '@see/core'
import { installed, missing, ok } from '@see/core/findings'
import type { Host } from './host.ts'

const CONFINES = ['bwrap', hookTools.bwrap.debianPackage] as const

/** What unpacks samples on this host, for each program the archives that need it. */
export async function findSamples(host: Host): Promise<Finding[]> {
  const formats = new Map<string, { readonly debianPackage: string; readonly names: string[] }>()
  for (const [format, [program, debianPackage]] of Object.entries(unpackTools)) {
    const { names } = formats.get(program) ?? { names: [] }
    formats.set(program, { debianPackage, names: [...names, format] })
  }
  const confines = await host.find(CONFINES[0])
  return await Promise.all(
    [...formats].map(async ([program, { debianPackage, names }]) => {
      const lacking = [
        ...((await host.find(program)) === undefined ? [[program, debianPackage] as const] : []),
        ...(confines === undefined ? [CONFINES] : []),
      ]
      const name = names.join(', ')
      if (lacking.length === 0) return ok(name, program)
      const programs = lacking.map(([each]) => each).join(', ')
      return missing(name, `without ${programs}`, installed(...lacking.map(([, each]) => each)))
    }),
  )
}
