import { type Finding, registeredProviders } from '@see/core'
import { missing, ok } from '@see/core/findings'
import type { ProviderFindings } from './finding.ts'
import type { Host } from './host.ts'

const NODE_MINIMUM = [20, 19]

/** Looks at what this host has for each provider. */
export async function checkHost(host: Host, signal: AbortSignal): Promise<ProviderFindings[]> {
  const node = findNode(host.nodeVersion)
  const checked: ProviderFindings[] = []
  for (const provider of registeredProviders()) {
    if (provider.findings === undefined) continue
    const findings = [node, ...(await provider.findings(host, signal))]
    const ready = findings.every((finding) => finding.ok || !finding.required)
    checked.push({ provider: provider.name, ready, abilities: provider.abilities, findings })
  }
  return checked
}

function findNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = NODE_MINIMUM
  const enough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  if (enough) return ok('node', version)
  const wanted = NODE_MINIMUM.join('.')
  return missing('node', `${version} is too old`, `install Node ${wanted} or newer`)
}
