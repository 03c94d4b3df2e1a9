import { type Finding, installed, missing, ok } from '../../contract/finding.ts'
import type { InspectedHost } from '../../contract/inspected-host.ts'
import { findMke2fs, findProgram } from '../../host/find-program.ts'
import { SANDBOX_GID } from '../../host/sandbox-user.ts'

const JAIL = 'jail of QEMU'
const TIMEOUT_MS = 10_000

/** What this host has for QEMU as a child of SEE. */
export async function findEmbedded(host: InspectedHost, signal: AbortSignal): Promise<Finding[]> {
  return [
    // Its guests are PCs, on every host.
    await findProgram(host, { program: 'qemu-system-x86_64', package: 'qemu-system-x86' }, signal),
    await findProgram(host, { program: 'qemu-img', package: 'qemu-utils' }, signal),
    await findProgram(host, { program: 'setpriv', package: 'util-linux' }, signal),
    await findProgram(host, { program: 'prlimit', package: 'util-linux' }, signal),
    await findJail(host, signal),
    await findMke2fs(host, signal),
  ]
}

/** Whether bubblewrap can make what QEMU runs in; without, guests run all the same, and their reports warn of it. */
async function findJail(host: InspectedHost, signal: AbortSignal): Promise<Finding> {
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
