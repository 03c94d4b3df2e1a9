import { type Finding, installed, missing, ok } from '../contract/finding.ts'
import type { InspectedHost } from '../contract/inspected-host.ts'
import { SANDBOX_GID } from './sandbox-user.ts'

const JAIL = 'jail of QEMU'
const TIMEOUT_MS = 10_000

/** Whether bubblewrap can make what QEMU runs in; without, guests run all the same, and their reports warn of it. */
export async function findJail(host: InspectedHost, signal: AbortSignal): Promise<Finding> {
  const namespaces = ['user', 'ipc', 'pid', 'net', 'uts'].map((kind) => `--unshare-${kind}`)
  const asUser = ['setpriv', `--reuid=${SANDBOX_GID}`, `--regid=${SANDBOX_GID}`, '--clear-groups']
  const [program, ...argv] = [
    ...(host.userIsRoot ? asUser : []),
    'bwrap',
    ...namespaces,
    '--ro-bind',
    '/',
    '/',
    'true',
  ]
  const { exitCode, stderr } = await host.run(program, argv, { timeoutMs: TIMEOUT_MS, signal })
  if (exitCode === 0) return ok(JAIL, 'namespaces and a root file system of its own')
  const why = `QEMU would run without one: ${stderr.trim() || 'bwrap does not run'}`
  const mend =
    (await host.find('bwrap')) === undefined
      ? installed('bubblewrap')
      : 'let users make namespaces: as root, sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1'
  return { ...missing(JAIL, why, mend), required: false }
}
