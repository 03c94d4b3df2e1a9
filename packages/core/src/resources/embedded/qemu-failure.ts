import { isQemuError } from '@see/qemu'
import { SeeError } from '../../errors.ts'

/** What QEMU failed at, as an error of ours. @throws SeeError `HYPERVISOR_FAILED`, or what else was thrown */
export async function orHypervisorFailed<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!isQemuError(error)) throw error
    const { code, message } = error
    const advice =
      code === 'QEMU_START' && /permission denied/i.test(message)
        ? '; the sandbox’s own user must be able to read the image and the kernel: see that the folders above are open to all'
        : ''
    throw new SeeError('HYPERVISOR_FAILED', `${message}${advice}`, { cause: error })
  }
}
