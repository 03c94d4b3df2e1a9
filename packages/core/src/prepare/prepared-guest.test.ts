import { expect, test } from 'vitest'
import { preparedGuest } from './prepared-guest.ts'

const ended = (exitCode: number, stdout: string, stderr = '') =>
  preparedGuest('root@debian', { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) })

test('what was installed and what is missing stand in lines of their own', () => {
  const stdout = 'guest: Debian\nnoise\ndone: one\nmissing: two\nguest: other\ndone: three\n'
  expect(ended(0, stdout)).toEqual({ guest: 'Debian', done: ['one', 'three'], missing: ['two'] })
})

test.each([
  [
    'lacks something',
    () => ended(3, 'missing: systemd\nmissing: \u001b[2J'),
    /what is missing: "systemd; \\u001b\[2J"/,
  ],
  ['stopped', () => ended(1, 'guest: Debian\n', 'no space left'), /it ended with 1: "no space left"/],
  ['is none', () => ended(0, 'Welcome!\n'), /it answered "Welcome!\\n"/],
])('a guest that %s was not prepared', (_what, prepare, message) => {
  expect(prepare).toThrow(message)
  expect(prepare).toThrow(expect.objectContaining({ code: 'GUEST_UNPREPARED' }))
})
