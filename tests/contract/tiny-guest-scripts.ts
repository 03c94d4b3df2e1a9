import { processOf } from './unasked.ts'

/** Scripts for the tiny guest. */
export const tinyGuestScripts = {
  bootMark: 'cat /proc/sys/kernel/random/boot_id',
  console: '/dev/ttyS0',
  // Without the agent, nothing else can shut it down either. It answers before it is killed.
  stubborn: '(sleep 3; killall acpid start-agent qemu-ga; sleep 6; poweroff) >/dev/null 2>&1 &',
  crash: 'modprobe pvpanic-mmio; (sleep 0.5; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &',
  sleep: '(sleep 0.5; echo mem >/sys/power/state) >/dev/null 2>&1 &',
  unasked: {
    powerOff: 'poweroff -f',
    // Without the module of the panic device a panic is a reboot, after as many seconds.
    reboot: 'echo 1 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger',
    poweredOff: { reason: 'powered_off' },
    process: (identifier: string) => processOf('qemu-system', identifier),
  },
} as const
