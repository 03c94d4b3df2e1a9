import { expect, test } from 'vitest'
import type { Findings } from './diagnosis.ts'
import { likelyCause } from './likely-cause.ts'

const found: Findings = {
  waitedFor: ['agent'],
  afterMs: 1000,
  state: 'running',
  ends: [],
  reboots: 0,
  agentAnswers: false,
  addresses: [],
  console: '',
  screenText: undefined,
  hypervisorErrors: undefined,
  events: [],
}
const none = { exitCode: null, signal: null }
const crashed = { reason: 'crashed', detail: 'the kernel of the guest panicked', ...none } as const
const failed = { reason: 'failed', detail: 'QEMU ended: exit code 1', ...none } as const
const off = { reason: 'powered_off', detail: 'the guest powered itself off', ...none } as const
const address = { name: 'eth0', addrs: [{ type: 'ipv4', addr: '10.1.2.15', prefix: 24 }] } as const
const loopback = { name: 'lo', addrs: [{ type: 'ipv4', addr: '127.0.0.1', prefix: 8 }] } as const
const panic = '[  0.7] Kernel panic - not syncing: VFS: Unable to mount root fs\n[  0.8] ---[ end'

const causes: readonly [what: string, changes: Partial<Findings>, cause: string | RegExp][] = [
  [
    'a crash whose reason was on the console',
    { state: 'crashed', ends: [crashed], console: panic },
    /^the kernel panicked: ".*VFS: Unable to mount root fs"$/,
  ],
  [
    'a crash without a word',
    { state: 'crashed', ends: [crashed] },
    'the guest crashed: the kernel of the guest panicked',
  ],
  ['a panic of a guest that goes on running', { console: panic }, /^the kernel panicked/],
  [
    'no bootable device, on the screen',
    {
      screenText:
        'SeaBIOS (version 1.16.2)\n\nBooting from Hard Disk...\nBoot failed: not a bootable disk\n\nNo bootable device.',
    },
    /^no bootable device: .*"Boot failed: not a bootable disk"/,
  ],
  [
    'no bootable device, by UEFI',
    { console: 'BdsDxe: No bootable option or device was found.' },
    /^no bootable device/,
  ],
  [
    'a boot loader without a system',
    { screenText: 'error: no such device: 1234.\ngrub rescue>' },
    /^the boot loader found no system/,
  ],
  [
    'a root that is missing',
    { console: 'ALERT!  /dev/vda1 does not exist.  Dropping to a shell!\n(initramfs) ' },
    /^the root file system was not found/,
  ],
  [
    'emergency mode',
    { console: 'You are in emergency mode. After logging in' },
    /^the system boots into emergency mode/,
  ],
  [
    'QEMU that failed',
    { state: 'shutoff', ends: [failed], hypervisorErrors: 'qemu: could not load kernel' },
    'QEMU ended: exit code 1: "qemu: could not load kernel"',
  ],
  [
    'a guest that powered itself off',
    { state: 'shutoff', ends: [off], hypervisorErrors: 'a warning' },
    'the guest powered itself off',
  ],
  ['a guest that was never on', { state: 'shutoff' }, /^the guest is off: power it on/],
  ['a paused guest', { state: 'paused' }, /^the guest is paused/],
  ['a provider that does not answer', { state: undefined }, /^the provider does not say/],
  ['reboots without end', { reboots: 5 }, 'the guest reboots again and again: 5 times so far'],
  [
    'an address without an agent',
    { addresses: [loopback, address] },
    /^the guest has an address but its agent does not answer: is qemu-guest-agent/,
  ],
  [
    'an agent without an address',
    { waitedFor: ['address'], agentAnswers: true, addresses: [loopback] },
    /has no address: does it ask for one by DHCP/,
  ],
  [
    'a port that stays closed',
    { waitedFor: ['port'], agentAnswers: true, addresses: [address] },
    'the guest runs (its agent answers), but port did not come',
  ],
  [
    'a login prompt and nothing else',
    { console: 'Debian 12 tty1\n\ndebian login: ' },
    /^the guest has booted/,
  ],
  [
    'firmware',
    { screenText: 'SeaBIOS (version 1.16.2)\niPXE (http://ipxe.org)' },
    /^it is still in the firmware or boot loader: "iPXE/,
  ],
  [
    'a boot that takes long',
    { console: '[1.0] Loading\r\n[2.0] Checking disks' },
    'the guest is still booting, or hangs; it showed last: "[2.0] Checking disks"',
  ],
  ['nothing at all', { console: undefined }, /^nothing was seen of the guest/],
]

test.each(causes)('%s', (_what, changes, cause) => {
  const said = likelyCause({ ...found, ...changes })
  if (typeof cause === 'string') expect(said).toBe(cause)
  else expect(said).toMatch(cause)
})

test('what a guest wrote is quoted: short, in one line, and nothing in it is obeyed by a terminal', () => {
  const console = `${'x'.repeat(5000)}Kernel panic - not syncing: \u001b[2J${'y'.repeat(5000)}`
  const said = likelyCause({ ...found, console })
  expect(said).toContain('Kernel panic - not syncing: \\u001b[2J')
  expect(said.length).toBeLessThan(300)
})
