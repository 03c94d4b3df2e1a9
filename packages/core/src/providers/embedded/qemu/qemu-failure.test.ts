import { QemuError, type QemuErrorCode } from '@see/qemu'
import { expect, test } from 'vitest'
import { orHypervisorFailed } from './qemu-failure.ts'

const failed = (code: QemuErrorCode, message: string) =>
  orHypervisorFailed(Promise.reject(new QemuError(code, message)))

test('what works is returned, and what else fails is thrown as it is', async () => {
  expect(await orHypervisorFailed(Promise.resolve(7))).toBe(7)
  const other = new TypeError('a')
  await expect(orHypervisorFailed(Promise.reject(other))).rejects.toBe(other)
  await expect(orHypervisorFailed(Promise.reject('text'))).rejects.toBe('text')
})

test('an error of QEMU’s is the cause of ours', async () => {
  const cause = new QemuError('QEMU_ENDED', 'QEMU ended: a')
  await expect(orHypervisorFailed(Promise.reject(cause))).rejects.toMatchObject({
    code: 'HYPERVISOR_FAILED',
    message: 'QEMU ended: a',
    cause,
  })
})

test.each([
  ['Could not access KVM kernel module: Permission denied', 'see check'],
  ['failed to initialize KVM: No such file or directory', 'see check'],
  ["Could not open '/a': Permission denied", 'must be able to read the image and the kernel'],
])('advice for a start that fails: %s', async (message, advice) => {
  const start = failed('QEMU_START', message)
  await expect(start).rejects.toThrow(advice)
  await expect(start).rejects.toThrow(message)
})

test.each<[QemuErrorCode, string]>([
  ['QEMU_START', 'Address already in use'],
  ['QEMU_ENDED', 'Permission denied'],
  ['QEMU_ENDED', 'failed to initialize KVM'],
])('%s: no advice that does not fit, for %s', async (code, message) => {
  await expect(failed(code, message)).rejects.toMatchObject({ message })
})
