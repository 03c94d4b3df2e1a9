import { loadExport, SeeError, withOrigin } from '@see/core'
import { defaultProtocol } from './default-protocol.ts'
import type { Protocol } from './protocol.ts'

const DEFAULT = '@see/cli#defaultProtocol'

/**
 * The protocol that `module#Export` names, relative to the working folder; the default one without a name. Its events
 * carry that name as their origin.
 * @throws SeeError `HOOK_LOAD`
 */
export async function loadProtocol(reference: string | undefined): Promise<Protocol> {
  const name = reference ?? DEFAULT
  const protocol = name === DEFAULT ? defaultProtocol : await loadExport(name, process.cwd())
  if (isProtocol(protocol))
    return (context, parameters) => withOrigin(name, () => protocol(context, parameters))
  throw new SeeError(
    'HOOK_LOAD',
    `--protocol ${name}: not a function; export async (context, { runtimeMs, signal, … }) => { … }`,
  )
}

function isProtocol(value: unknown): value is Protocol {
  return typeof value === 'function'
}
