import { join } from 'node:path'
import { type Finding, mayJoin } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'

const NAME = 'acceleration (kvm)'
const TIMEOUT_MS = 10_000
/** A kernel says so when it has come through all of its own start. */
const STARTED = /Run \S+ as init process|Unable to mount root fs/

/**
 * Whether a kernel boots under KVM. It is tried: a device node says nothing of whether guests run, and QEMU believes
 * what the device says.
 */
export async function findAcceleration(
  host: InspectedHost,
  emulator: string,
  signal: AbortSignal,
): Promise<Finding> {
  const instead = 'use <domain type="qemu">: emulation works without it, only slower'
  if (!(await host.exists('/dev/kvm')))
    return finding('there is no /dev/kvm', `${instead}; or load kvm_intel or kvm_amd`)
  if (!(await host.mayOpen('/dev/kvm'))) {
    return finding('this user may not open /dev/kvm', `${mayJoin(host, 'kvm')}; or ${instead}`)
  }
  const guest = await host.guestFolder()
  if (guest === undefined) {
    return finding('not tried: there is no kernel to boot', 'build the tiny guest first: bash guest/build.sh')
  }
  // Its kernel may never come up, and must not outlive a check that is killed.
  const argv = ['--pdeathsig=KILL', emulator, ...bootArguments(guest, 'kvm')]
  const { stdout, stderr } = await host.run('setpriv', argv, {
    timeoutMs: TIMEOUT_MS,
    signal,
    until: STARTED,
  })
  if (STARTED.test(stdout)) return finding('tried: a kernel boots under it', null)
  const said = stderr.trim().split('\n').at(-1) ?? ''
  const why = said === '' ? `no kernel came up within ${TIMEOUT_MS / 1000} s` : said
  return finding(`tried, and no kernel boots under it although /dev/kvm exists: ${why}`, instead)
}

function finding(detail: string, mend: string | null): Finding {
  return { name: NAME, ok: mend === null, detail, mend, required: false }
}

/** How QEMU boots a built guest's kernel with its log on standard output, and nothing else. */
function bootArguments(guest: string, accelerator: 'kvm' | 'tcg'): string[] {
  const machine = `-accel ${accelerator} -cpu ${accelerator === 'kvm' ? 'host' : 'max'} -m 256 -no-reboot`
  const devices = '-nodefaults -no-user-config -display none -serial stdio'
  const kernel = ['-kernel', join(guest, 'vmlinuz'), '-append', 'console=ttyS0 panic=-1']
  return [...machine.split(' '), ...devices.split(' '), ...kernel]
}
