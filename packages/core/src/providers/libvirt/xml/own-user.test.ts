import { expect, test } from 'vitest'
import { whySharedUser, withOwnUser } from './own-user.ts'

const domain = (content: string) => `<domain type="qemu">${content}</domain>`

test('a user of its own is a label, and what is booted becomes arguments of QEMU', () => {
  const os = '<os><type>hvm</type><kernel>/k</kernel><initrd>/i</initrd><cmdline>quiet a=b</cmdline></os>'
  const xml = withOwnUser(domain(`${os}<devices/>`), { uid: 1_900_000_001, gid: 64_055 })
  expect(xml).toContain(
    '<seclabel type="static" model="dac" relabel="yes"><label>+1900000001:+64055</label></seclabel>',
  )
  expect(xml).toContain('<os><type>hvm</type></os>')
  const args = Array.from(xml.matchAll(/<qemu:arg value="([^"]*)"/g), ([, value]) => value)
  expect(args).toEqual(['-kernel', '/k', '-initrd', '/i', '-append', 'quiet a=b'])
})

test('a guest that boots from its disk gets no arguments', () => {
  const xml = withOwnUser(domain('<os><type>hvm</type></os>'), { uid: 1, gid: 2 })
  expect(xml).not.toContain('commandline')
})

test.each([
  ['', undefined],
  ['<seclabel type="dynamic" model="apparmor"/>', undefined],
  ['<devices><disk type="file" device="disk"/></devices>', undefined],
  ['<seclabel type="static" model="dac"><label>root:root</label></seclabel>', /seclabel/],
  ['<seclabel type="none"/>', /seclabel/],
  ['<devices><tpm model="tpm-crb"/></devices>', /<tpm>/],
  ['<devices><filesystem type="mount"/></devices>', /<filesystem>/],
  ['<devices/><devices><hostdev mode="subsystem"/></devices>', /<hostdev>/],
  [
    '<q:commandline xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0"><q:arg value="-s"/></q:commandline>',
    /arguments of QEMU/,
  ],
])('why %s leaves a guest with the user of all guests: %s', (content, why) => {
  const answer = whySharedUser(domain(content))
  if (why === undefined) expect(answer).toBeUndefined()
  else expect(answer).toMatch(why)
})
