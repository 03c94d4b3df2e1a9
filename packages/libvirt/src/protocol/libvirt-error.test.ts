import { expect, test } from 'vitest'
import { isLibvirtError, LibvirtError } from './libvirt-error.ts'

const rest = { level: 2, dom: null, str1: null, str2: null, str3: null, int1: 0, int2: 0, net: null }

test("has libvirt's names, its numbers and the daemon's message", () => {
  const error = new LibvirtError({ ...rest, code: 42, domain: 10, message: 'Domain not found' })
  expect(error).toMatchObject({ code: 'VIR_ERR_NO_DOMAIN', number: 42, domain: 'VIR_FROM_QEMU', level: 2 })
  expect(error.message).toBe('Domain not found')
  expect(isLibvirtError(error, 'VIR_ERR_NO_DOMAIN')).toBe(true)
  expect(isLibvirtError(error, 'VIR_ERR_NO_NETWORK')).toBe(false)
  expect(isLibvirtError(new Error('x'))).toBe(false)
})

test('an error newer than this table keeps its number', () => {
  const error = new LibvirtError({ ...rest, code: 9999, domain: 8888, message: null })
  expect(error).toMatchObject({ code: 'VIR_ERR_9999', domain: 'VIR_FROM_8888' })
  expect(error.message).toBe('the daemon gave no message')
})
