import { describe, expect, test } from 'vitest'
import { variablesToCopy } from './variables-to-copy.ts'

const domainWithOs = (nvramElement: string, attributes = 'firmware="efi"') =>
  `<domain><os ${attributes}>${nvramElement}</os></domain>`

describe('variables of a firmware that libvirt chooses', () => {
  test.each([
    ['<nvram>/etc/passwd</nvram>', '/etc/passwd'],
    ['<nvram type="file"><source file="/etc/passwd"/></nvram>', '/etc/passwd'],
    ['<nvram> <!-- a -->/etc/passwd\n</nvram>', '/etc/passwd'],
    ['<nvram>/nowhere/a</nvram>', undefined],
    ['<nvram>/etc</nvram>', undefined],
    ['<nvram template="/etc/passwd"/>', undefined],
    ['', undefined],
  ])('%s are copied from %s', (given, expected) => {
    expect(variablesToCopy(domainWithOs(given))).toBe(expected)
  })

  test('are copied by libvirt itself where the XML says the firmware', () => {
    expect(variablesToCopy(domainWithOs('<nvram>/etc/passwd</nvram>', ''))).toBeUndefined()
    expect(variablesToCopy('<domain/>')).toBeUndefined()
  })
})
