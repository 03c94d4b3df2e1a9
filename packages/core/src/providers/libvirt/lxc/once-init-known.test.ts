import { LibvirtError } from '@see/libvirt'
import { expect, test } from 'vitest'
import { onceInitKnown } from './once-init-known.ts'

function refusal(message: string): LibvirtError {
  const rest = { level: 2, dom: null, str1: null, str2: null, str3: null, int1: 0, int2: 0, net: null }
  return new LibvirtError({ ...rest, code: 55, domain: 26, message })
}

const notYet = refusal('Requested operation is not valid: Init process ID is not yet known')

test('a container whose init libvirt does not know yet is asked again', async () => {
  let asked = 0
  await onceInitKnown(async () => {
    if (++asked < 3) throw notYet
  }, 5000)
  expect(asked).toBe(3)
})

test('when it never knows it, its refusal is thrown', async () => {
  await expect(onceInitKnown(() => Promise.reject(notYet), 120)).rejects.toBe(notYet)
})

test('any other refusal is thrown immediately', async () => {
  let asked = 0
  const other = refusal('Requested operation is not valid: domain is not running')
  const ask = async () => {
    asked++
    throw other
  }
  await expect(onceInitKnown(ask, 5000)).rejects.toBe(other)
  expect(asked).toBe(1)
})
