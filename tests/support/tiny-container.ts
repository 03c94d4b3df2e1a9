import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Debian's package busybox-static puts it, with the links in / of older installations. */
const BUSYBOX = '/bin/busybox'

// The traps come first: a signal that init has no handler for is lost. With /run/stubborn it does not stop.
const INIT = `#!/bin/sh
trap '[ -e /run/stubborn ] || exit 0' TERM
trap 'reboot -f' HUP
echo hello from the container
ip link set lo up
ip link set eth0 up 2>/dev/null && udhcpc -i eth0 -b -q -T 1 -t 10 -s /etc/dhcp >/dev/null 2>&1 &
while :; do sleep 3600 & wait $!; done
`
const DHCP = `#!/bin/sh
[ "$1" = bound ] && ip address add "$ip/$mask" dev "$interface"
exit 0
`

export interface TinyContainer extends Disposable {
  /** Everything of it, the user's folders included. */
  readonly folder: string
  readonly root: string
  /** A resources configuration; what is given replaces parts of it. */
  resources(
    overrides?: Record<string, unknown>,
    edit?: (xml: string) => string,
  ): { domain: { configuration: string } }
}

/** Makes the root file system of a container that is nothing but busybox, and speaks DHCP; 2 MB, 10 ms. */
export function makeTinyContainer(): TinyContainer {
  const folder = mkdtempSync(join(tmpdir(), 'see-lxc-'))
  chmodSync(folder, 0o755)
  const root = join(folder, 'root')
  for (const name of ['bin', 'sbin', 'dev', 'proc', 'sys', 'tmp', 'etc', 'run', 'root', 'usr']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  copyFileSync(BUSYBOX, join(root, 'bin/busybox'))
  for (const applet of execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
  }
  writeFileSync(join(root, 'sbin/init'), INIT, { mode: 0o755 })
  writeFileSync(join(root, 'etc/dhcp'), DHCP, { mode: 0o755 })
  let count = 0
  return {
    folder,
    root,
    resources(overrides = {}, edit = (xml) => xml) {
      const configuration = join(folder, `domain-${++count}.xml`)
      writeFileSync(configuration, edit(domainXml(root)))
      const { domain = {}, ...others } = overrides
      return {
        hypervisor: 'lxc:///',
        network: { dynamic_address: { ipv4: '10.214.0.0', prefix: 20, subnet_prefix: 26 } },
        ...others,
        domain: { configuration, ...Object(domain) },
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

function domainXml(root: string): string {
  return `<domain type="lxc">
  <name>mine</name>
  <memory unit="MiB">64</memory>
  <os><type>exe</type><init>/sbin/init</init></os>
  <devices>
    <filesystem type="mount"><source dir="${root}"/><target dir="/"/></filesystem>
    <interface type="network"><source network="default"/></interface>
    <console type="pty"/>
  </devices>
</domain>`
}
