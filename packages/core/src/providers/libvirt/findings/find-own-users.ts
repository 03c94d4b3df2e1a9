import { type Finding, missing, ok } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'

const NAME = 'a user for each guest'
const DEVICE = '/dev/kvm'
const TIMEOUT_MS = 10_000
const OTHERS_MAY_OPEN = /[67]$/

/** Whether guests with KVM can have users of their own, which are in no group of the host's. */
export async function findOwnUsers(host: InspectedHost, signal: AbortSignal): Promise<Finding> {
  if (!(await host.exists(DEVICE))) return ok(NAME, 'all guests, since they are emulated')
  const options = { timeoutMs: TIMEOUT_MS, signal }
  const { stdout } = await host.run('stat', ['--format', '%a', DEVICE], options)
  if (OTHERS_MAY_OPEN.test(stdout.trim())) return ok(NAME, 'all guests')
  const why = `guests with KVM share one: ${DEVICE} is open to its group only`
  return { ...missing(NAME, why, `as root, chmod 666 ${DEVICE}`), required: false }
}
