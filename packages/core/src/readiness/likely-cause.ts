import { quoteGuestText } from '../common/quote-guest-text.ts'
import type { Findings } from './diagnosis.ts'

/** Reboots after which a guest is taken for one that boots in a circle. */
const MANY_REBOOTS = 2

interface Sign {
  readonly pattern: RegExp
  /** @param line the line in which the sign was seen, quoted */
  readonly cause: (line: string) => string
}

/** What is looked for on the console and the screen, gravest first. */
const signs: readonly Sign[] = [
  { pattern: /Kernel panic - not syncing/, cause: (line) => `the kernel panicked: ${line}` },
  {
    pattern: /KERNEL_SECURITY_CHECK_FAILURE|INACCESSIBLE_BOOT_DEVICE|BugCheck|\*\*\* STOP: 0x/,
    cause: (line) => `Windows stopped with an error: ${line}`,
  },
  {
    pattern:
      /No bootable (device|medium|option)|Boot failed: not a bootable disk|Could not read the boot disk|no boot(able)? (disk|media)/i,
    cause: (line) =>
      `no bootable device: the firmware found nothing to boot on the guest's disks (${line}); see that "disk" is an image with a system, and fits the firmware`,
  },
  {
    pattern: /grub rescue>|error: (no such (device|partition)|unknown filesystem|file .* not found)/i,
    cause: (line) => `the boot loader found no system: ${line}`,
  },
  {
    pattern:
      /Gave up waiting for root|Cannot open root device|unable to find a (medium|root)|\(initramfs\)|ALERT! .* does not exist/i,
    cause: (line) => `the root file system was not found: ${line}`,
  },
  {
    pattern: /emergency (mode|shell)|Give root password for maintenance|rescue mode/i,
    cause: (line) => `the system boots into emergency mode: ${line}`,
  },
  {
    pattern: /Out of memory: Killed process|oom-kill/i,
    cause: (line) => `the guest ran out of memory: ${line}`,
  },
]

const FIRMWARE = /SeaBIOS|iPXE|TianoCore|BdsDxe|UEFI Interactive Shell|Booting from|GNU GRUB|Press any key/i
const LOGIN = /\blogin: ?$/m

/** Why a guest is probably not ready, in one line. What is quoted of the guest is short and printable. */
export function likelyCause(findings: Findings): string {
  const { state, ends, reboots } = findings
  const sign = seen(findings)
  const end = ends.at(-1)
  if (state === 'crashed') return sign ?? `the guest crashed${end === undefined ? '' : `: ${end.detail}`}`
  if (state === 'shutoff' || state === 'shutdown') {
    return sign === undefined ? endOf(findings) : `${sign} (${endOf(findings)})`
  }
  if (state === undefined)
    return 'the provider does not say what state the guest is in: QEMU or libvirtd may be stopped or overloaded'
  if (state === 'paused' || state === 'pmsuspended') return `the guest is ${state}: it does not run`
  if (sign !== undefined) return sign
  if (reboots >= MANY_REBOOTS) return `the guest reboots again and again: ${reboots} times so far`
  return whileRunning(findings)
}

function endOf({ ends, hypervisorErrors }: Findings): string {
  const end = ends.at(-1)
  if (end === undefined) return 'the guest is off: power it on before waiting for it'
  const said = hypervisorErrors?.trim() ?? ''
  if (said === '' || end.reason === 'powered_off') return end.detail
  return end.detail.includes(said.slice(0, 40))
    ? end.detail
    : `${end.detail}: ${quoteGuestText(said.slice(-200))}`
}

function whileRunning(findings: Findings): string {
  const { agentAnswers, console, screenText = '', waitedFor } = findings
  const hasAddress = findings.addresses.some(({ addrs }) => addrs.some(({ addr }) => isOutward(addr)))
  if (agentAnswers === false && hasAddress) {
    return 'the guest has an address but its agent does not answer: is qemu-guest-agent installed and started?'
  }
  if (agentAnswers === true && waitedFor.includes('address') && !hasAddress) {
    return 'the agent of the guest answers but the guest has no address: does it ask for one by DHCP?'
  }
  if (agentAnswers === true || hasAddress) {
    return `the guest runs (${agentAnswers === true ? 'its agent answers' : 'it has an address'}), but ${waitedFor.join(', ')} did not come`
  }
  const shown = `${console ?? ''}\n${screenText}`
  if (LOGIN.test(shown)) {
    return 'the guest has booted, as it shows a login prompt, but has neither an address nor an agent that answers'
  }
  if ((console ?? '').trim() === '' && FIRMWARE.test(screenText)) {
    return `it is still in the firmware or boot loader: ${lastLine(screenText)}`
  }
  const last = lastLine(console ?? '') || lastLine(screenText)
  if (last !== '') return `the guest is still booting, or hangs; it showed last: ${last}`
  return 'nothing was seen of the guest: it shows and writes nothing; has it a console (console=ttyS0) or a screen?'
}

function seen({ console = '', screenText = '', hypervisorErrors = '' }: Findings): string | undefined {
  const text = `${console}\n${screenText}\n${hypervisorErrors}`
  for (const { pattern, cause } of signs) {
    const line = text.split(/\r?\n|\r/).find((each) => pattern.test(each))
    if (line !== undefined) return cause(quoteGuestText(fromSign(line.trim(), pattern)))
  }
  return undefined
}

/** The line from the sign on, where what is before would leave no room for it. */
function fromSign(line: string, pattern: RegExp): string {
  const at = pattern.exec(line)?.index ?? 0
  return at > 80 ? line.slice(at) : line
}

function lastLine(text: string): string {
  const line = text.split(/\r?\n|\r/).findLast((each) => each.trim() !== '')
  return line === undefined ? '' : quoteGuestText(line.trim())
}

function isOutward(address: string): boolean {
  return !/^(127\.|::1$|fe80:|169\.254\.)/i.test(address)
}
