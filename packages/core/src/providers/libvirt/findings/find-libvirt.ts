import { messageOf } from '../../../common/errors.ts'
import { timeoutSignal } from '../../../common/timeout-signal.ts'
import { LibvirtConnectionError } from '@see/libvirt'
import { type Finding, installed, mayJoin, missing, ok } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'

const TIMEOUT_MS = 10_000
const SOCKET = '/run/libvirt/libvirt-sock'
const START = 'virtlogd -d; libvirtd -d'

/** Whether libvirt's daemon is there and opens a hypervisor. */
export async function findLibvirt(
  host: InspectedHost,
  uri: string,
  driverPackage: string,
  signal: AbortSignal,
): Promise<Finding> {
  const name = `libvirt ${uri}`
  try {
    const bound = AbortSignal.any([signal, timeoutSignal(TIMEOUT_MS)])
    return ok(name, `libvirt ${await host.libvirtVersion(uri, { signal: bound })}`)
  } catch (error) {
    return missing(name, messageOf(error), await howToMend(error, host, driverPackage, signal))
  }
}

async function howToMend(
  error: unknown,
  host: InspectedHost,
  driverPackage: string,
  signal: AbortSignal,
): Promise<string> {
  if (isRefused(error)) return mayJoin(host, await socketGroup(host, signal))
  if (/no connection driver|no driver/i.test(messageOf(error))) {
    return `${installed(driverPackage)}, then restart libvirtd`
  }
  if (!(await host.exists('/usr/sbin/libvirtd'))) {
    return `${installed('libvirt-daemon-system')}, then start it: systemctl start libvirtd, or without systemd: ${START}`
  }
  return (await host.exists('/run/systemd/system')) ? 'systemctl start libvirtd' : START
}

/** Whether a daemon is there, and does not let this user in. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof LibvirtConnectionError)) return false
  const { code, cause } = error
  if (code === 'AUTHENTICATION_REFUSED') return true
  return cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM')
}

/** Where polkit decides, every user may open the socket, and Debian lets this group in. */
async function socketGroup(host: InspectedHost, signal: AbortSignal): Promise<string> {
  const { exitCode, stdout } = await host.run('stat', ['--format', '%G', SOCKET], {
    timeoutMs: TIMEOUT_MS,
    signal,
  })
  const group = stdout.trim()
  return exitCode === 0 && group !== 'root' && group !== 'UNKNOWN' ? group : 'libvirt'
}
