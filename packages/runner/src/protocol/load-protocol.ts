import { loadExport, SeeError, withOrigin } from '@see/core'
import { defaultProtocol } from './default-protocol.ts'
import type { Protocol } from './protocol.ts'

const DEFAULT = '@see/cli#defaultProtocol'

/**
 * The protocol that `module#Export` names, relative to the working folder; the default one without a name. Its events
 * carry that name, or that of the function, as their origin.
 * @throws SeeError `HOOK_LOAD`
 */
export async function loadProtocol(reference: string | Protocol | undefined): Promise<Protocol> {
  if (typeof reference === 'function') {
    const name = reference.name === '' ? 'protocol' : reference.name
    return (context, parameters) => withOrigin(name, () => reference(context, parameters))
  }
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
