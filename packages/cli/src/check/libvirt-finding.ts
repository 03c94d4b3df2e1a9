import { messageOf, timeoutSignal } from '@see/core'
import { type Finding, missing, ok } from './finding.ts'
import type { Host } from './host.ts'

const TIMEOUT_MS = 10_000

/** Whether libvirt's daemon is there and opens a hypervisor. */
export async function findLibvirt(
  host: Host,
  uri: string,
  driverPackage: string,
  signal: AbortSignal,
): Promise<Finding> {
  const name = `libvirt ${uri}`
  try {
    const bound = AbortSignal.any([signal, timeoutSignal(TIMEOUT_MS)])
    return ok(name, `libvirt ${await host.libvirtVersion(uri, { signal: bound })}`)
  } catch (error) {
    const message = messageOf(error)
    const withoutDriver = /no connection driver|no driver/i.test(message)
    return missing(
      name,
      message,
      withoutDriver
        ? `apt-get install --no-install-recommends ${driverPackage}, then restart libvirtd`
        : await howToStart(host),
    )
  }
}

async function howToStart(host: Host): Promise<string> {
  if (!(await host.exists('/usr/sbin/libvirtd'))) {
    return 'apt-get install --no-install-recommends libvirt-daemon-system, then start it: systemctl start libvirtd, or without systemd: virtlogd -d; libvirtd -d'
  }
  if (await host.exists('/run/systemd/system')) {
    return 'systemctl start libvirtd; as a user: be in the group libvirt'
  }
  return 'virtlogd -d; libvirtd -d'
}
