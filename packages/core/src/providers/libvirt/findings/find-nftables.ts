import { type Finding, installed, missing, ok } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'

const NAME = 'network mode nat-no-lan'
const TIMEOUT_MS = 10_000

/** By what the default network mode is kept, which is slow and less strict where there are no rights to nftables. */
export async function findNftables(host: InspectedHost, signal: AbortSignal): Promise<Finding> {
  if (!host.userIsRoot) {
    const detail = "kept by libvirt's network filter, which takes a second: this user may not use nftables"
    return { ...missing(NAME, detail, 'run SEE as root'), required: false }
  }
  const argv = ['list', 'tables']
  const { exitCode, stderr } = await host.run('nft', argv, { timeoutMs: TIMEOUT_MS, signal })
  if (exitCode === 0) return ok(NAME, 'kept by nftables')
  const [line = ''] = stderr.trim().split('\n')
  return missing(NAME, line || 'nft does not run', installed('nftables'))
}
