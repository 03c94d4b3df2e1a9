import { type Finding, registeredProviders } from '@see/core'
import { installed, missing, ok } from '@see/core/findings'
import { KEEPERS_SHELL } from '@see/core/reaper'
import type { ProviderFindings } from './finding.ts'
import type { Host } from './host.ts'

const NODE_MINIMUM = [20, 19]

/** Looks at what this host has for each provider. */
export async function checkHost(host: Host, signal: AbortSignal): Promise<ProviderFindings[]> {
  const own = [findNode(host.nodeVersion), await findKeeper(host)]
  const checked: ProviderFindings[] = []
  for (const provider of registeredProviders()) {
    if (provider.findings === undefined) continue
    const findings = [...own, ...(await provider.findings(host, signal))]
    const ready = findings.every((finding) => finding.ok || !finding.required)
    checked.push({ provider: provider.name, ready, abilities: provider.abilities, findings })
  }
  return checked
}

/** What removes a killed run's guests within a moment. */
async function findKeeper(host: Host): Promise<Finding> {
  if (await host.exists(KEEPERS_SHELL)) return ok('keeper', KEEPERS_SHELL)
  const detail = `there is no ${KEEPERS_SHELL}: what a killed run leaves stays until the next one, or see reap`
  return { ...missing('keeper', detail, installed('dash')), required: false }
}

function findNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = NODE_MINIMUM
  const enough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  if (enough) return ok('node', version)
  const wanted = NODE_MINIMUM.join('.')
  return missing('node', `${version} is too old`, `install Node ${wanted} or newer`)
}
