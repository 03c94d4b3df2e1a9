import { expect, test } from 'vitest'
import { emitErrorNames } from './error-names.ts'

test('writes both tables and leaves the levels out', () => {
  const header = `
    typedef enum { VIR_ERR_NONE = 0, VIR_ERR_WARNING = 1, } virErrorLevel;
    typedef enum { VIR_FROM_NONE = 0, VIR_FROM_QEMU = 10, /* a comment = 3, */ } virErrorDomain;
    typedef enum { VIR_ERR_OK = 0, VIR_ERR_NO_DOMAIN = 42, } virErrorNumber;`
  expect(emitErrorNames(header, '// header\n')).toBe(`// header

export const errorDomains = {
  0: 'VIR_FROM_NONE',
  10: 'VIR_FROM_QEMU',
} as const

export const errorCodes = {
  0: 'VIR_ERR_OK',
  42: 'VIR_ERR_NO_DOMAIN',
} as const
`)
  expect(() => emitErrorNames('', '')).toThrow('VIR_ERR_OK')
})
