import { deviceNameOf } from '../xml/interface-names.ts'

/** The sinkhole's port of the bridge of a container. */
export function sinkholeDeviceOf(identifier: string): string {
  return `${deviceNameOf(identifier)}-s`
}
