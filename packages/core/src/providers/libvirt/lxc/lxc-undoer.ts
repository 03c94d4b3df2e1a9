import { entryOf } from '../daemon/libvirt-kind.ts'
import { anyKind, LibvirtUndoer } from '../left/libvirt-undoer.ts'
import { containerKind, sinkholeDeviceKind } from './container-kinds.ts'

/** Undoes what containers left. */
export function lxcUndoer(): LibvirtUndoer {
  const left = entryOf(containerKind, 'what libvirt leaves of the container', { devices: [] })
  const beside = [{ provider: 'lxc', ...left }]
  return new LibvirtUndoer({ provider: 'lxc', uri: 'lxc:///', hasNetworks: false, beside }, [
    anyKind(containerKind),
    anyKind(sinkholeDeviceKind),
  ])
}
