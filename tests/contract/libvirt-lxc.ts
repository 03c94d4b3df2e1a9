import { lxcFactory } from '@see/core'
import { leftOfContainer } from '../support/left-of-container.ts'
import { makeTinyContainer } from '../support/tiny-container.ts'
import { abilitiesOf, type Provider } from './provider.ts'
import { processOf } from './unasked.ts'

/** libvirt's containers, with nothing but busybox in them. */
export function libvirtLxc(): Provider & Disposable {
  const tiny = makeTinyContainer()
  return {
    name: 'libvirt LXC',
    factory: lxcFactory(tiny.resources()),
    abilities: abilitiesOf('lxc'),
    guest: {
      // Signals that init gets before it listens are lost.
      bootMark: `until grep -q '^SigCgt:.*[4-7c-f]...$' /proc/1/status; do sleep 0.05; done; cut -d" " -f22 /proc/1/stat`,
      console: '/dev/console',
      stubborn: 'touch /run/stubborn; (sleep 9; rm /run/stubborn; kill -TERM 1) >/dev/null 2>&1 &',
      unasked: {
        powerOff: 'poweroff -f',
        reboot: 'reboot -f',
        poweredOff: { reason: 'stopped' },
        // libvirt's supervisor of the container.
        process: (identifier) => processOf('libvirt_lxc', identifier),
        killed: { reason: 'failed', signal: null },
      },
    },
    leftOf: leftOfContainer,
    [Symbol.dispose]: () => tiny[Symbol.dispose](),
  }
}
