import { isQemuError, type QemuError } from '@see/qemu'
import { SeeError } from '../../../common/errors.ts'

/** What QEMU failed at, as an error of ours. @throws SeeError `HYPERVISOR_FAILED` or `HYPERVISOR_TIMEOUT`, or what else was thrown */
export async function orHypervisorFailed<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!isQemuError(error)) throw error
    if (error.code === 'QMP_TIMEOUT') {
      const why = `${error.message}; it may be stopped or overloaded: cut its power with poweroff()`
      throw new SeeError('HYPERVISOR_TIMEOUT', why, { cause: error })
    }
    throw new SeeError('HYPERVISOR_FAILED', `${error.message}${adviceFor(error)}`, { cause: error })
  }
}

function adviceFor({ code, message }: QemuError): string {
  if (code !== 'QEMU_START') return ''
  if (/KVM kernel module|initialize kvm/i.test(message)) {
    return '; see whether `npx see check` finds acceleration here, or say "accelerator": "tcg"'
  }
  if (!/permission denied/i.test(message)) return ''
  return '; the sandbox’s own user must be able to read the image and the kernel: see that the folders above are open to all'
}
