import type { Configuration } from '../configuration/configuration.ts'
import { didYouMean } from '../common/nearest.ts'

/** The schemes that a resources file's "hypervisor" may have, each of one provider, with the URI of the usual one. */
const SCHEMES = {
  embedded: 'embedded:///',
  qemu: 'qemu:///system',
  lxc: 'lxc:///system',
  vbox: 'vbox:///session',
} as const

export type HypervisorScheme = keyof typeof SCHEMES

/**
 * The scheme of a configuration's "hypervisor", without the transport that may stand behind it; undefined where there is none,
 * or something that is no text.
 * @throws SeeError `CONFIGURATION_INVALID` when no provider has it
 */
export function hypervisorScheme(configuration: Configuration): HypervisorScheme | undefined {
  const { value } = configuration
  const uri =
    typeof value === 'object' && value !== null && 'hypervisor' in value ? value.hypervisor : undefined
  if (typeof uri !== 'string') return undefined
  const [scheme = ''] = uri.split(/[:+]/)
  if (isKnown(scheme)) return scheme
  const known = Object.values(SCHEMES).join(', ')
  const meant = didYouMean(scheme, Object.keys(SCHEMES))
  throw configuration.invalid(
    `"hypervisor": no provider has the scheme "${scheme}"${meant} (known: ${known})`,
    ['hypervisor'],
  )
}

function isKnown(scheme: string): scheme is HypervisorScheme {
  return Object.hasOwn(SCHEMES, scheme)
}
