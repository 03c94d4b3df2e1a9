import { isLibvirtError } from '@see/libvirt'

/** Whether libvirt says that it does not know a domain; of a transient one, that it is off. */
export function isNoDomain(error: unknown): boolean {
  return isLibvirtError(error) && error.code === 'VIR_ERR_NO_DOMAIN'
}
