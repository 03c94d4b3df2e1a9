import { QemuError } from '@see/qemu'
import { expect, test } from 'vitest'
import { guestEndOf } from './qemu-end.ts'

const ended = (message: string | undefined, stderr = '') => ({
  stderr,
  failure: () => (message === undefined ? undefined : new QemuError('QEMU_ENDED', message)),
})

test('a QEMU that ends in good order was powered off by its guest', () => {
  expect(guestEndOf(ended(undefined), { exitCode: 0, signal: null })).toEqual({
    reason: 'powered_off',
    detail: 'the guest powered itself off',
    exitCode: 0,
    signal: null,
  })
})

test.each([
  ['15', 'SIGTERM'],
  ['2', 'SIGINT'],
  ['1', 'SIGHUP'],
  ['99', 'signal 99'],
])(
  'a QEMU that says it was terminated by signal %s was killed, though its exit code is 0',
  (number, name) => {
    const stderr = `warning: a\nqemu-system-x86_64: terminating on signal ${number} from pid 7 (sh)\n`
    expect(guestEndOf(ended(undefined, stderr), { exitCode: 0, signal: null })).toEqual({
      reason: 'killed',
      detail: `QEMU was terminated by ${name}`,
      exitCode: 0,
      signal: name,
    })
  },
)

test.each(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP'] as const)(
  '%s is QEMU’s own fault',
  (signal) => {
    expect(guestEndOf(ended('it ended'), { exitCode: null, signal })).toEqual({
      reason: 'failed',
      detail: 'it ended',
      exitCode: null,
      signal,
    })
  },
)

test.each(['SIGXCPU', 'SIGXFSZ', 'SIGHUP', 'SIGTERM'] as const)(
  '%s comes from outside, or a limit',
  (signal) => {
    expect(guestEndOf(ended('it ended'), { exitCode: null, signal })).toMatchObject({
      reason: 'killed',
      detail: 'it ended',
    })
  },
)

test('a kill of unknown origin may be for lack of memory', () => {
  const { reason, detail } = guestEndOf(ended('it ended'), { exitCode: null, signal: 'SIGKILL' })
  expect(reason).toBe('killed')
  expect(detail).toMatch(/^it ended; .*out of memory/)
})

test('an exit code is a failure, whatever else was said before', () => {
  const stderr = 'terminating on signal 15'
  expect(guestEndOf(ended('it ended', stderr), { exitCode: 1, signal: null })).toEqual({
    reason: 'failed',
    detail: 'it ended',
    exitCode: 1,
    signal: null,
  })
})
