import { access, constants } from 'node:fs/promises'
import { messageOf, SeeError } from '../../../common/errors.ts'

/**
 * Whether a guest runs under KVM is not known before it does; but without its device, none will.
 * @throws SeeError `HYPERVISOR_FAILED`
 */
export async function assertAccelerator(accelerator: 'tcg' | 'kvm'): Promise<void> {
  if (accelerator === 'tcg') return
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK)
  } catch (error) {
    throw new SeeError(
      'HYPERVISOR_FAILED',
      `there is no KVM for you here: ${messageOf(error)}; load kvm_intel or kvm_amd, join the group of /dev/kvm, or say "accelerator": "tcg"`,
      { cause: error },
    )
  }
}
