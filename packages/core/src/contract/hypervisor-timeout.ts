import { SeeError } from '../common/errors.ts'

/** @param what was asked of the provider, as `the guest's power-on` */
export function hypervisorTimeout(what: string): (timeoutMs: number) => SeeError {
  return (timeoutMs) =>
    new SeeError(
      'HYPERVISOR_TIMEOUT',
      `${what} took longer than ${timeoutMs} ms; QEMU or libvirtd may be stopped or overloaded: ask for the state, or cut the guest's power`,
    )
}
