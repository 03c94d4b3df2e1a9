import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TinyContainer } from './tiny-container.ts'

/** A container without a file system of its own sees the host's, Perl included, by which it can send anything. */
export function withTheHostsPrograms({ folder, root }: TinyContainer): (xml: string) => string {
  const init = join(folder, 'init')
  const dhcp = join(root, 'etc/dhcp')
  writeFileSync(
    init,
    `#!/bin/sh\nip link set lo up; ip link set eth0 up\nbusybox udhcpc -i eth0 -q -T 1 -t 10 -s ${dhcp}\nsleep 3600\n`,
  )
  chmodSync(init, 0o755)
  return (xml) =>
    xml
      .replace(/<filesystem.*<\/filesystem>/, '')
      .replace('/sbin/init', init)
      .replace('64</memory>', '256</memory>')
}
