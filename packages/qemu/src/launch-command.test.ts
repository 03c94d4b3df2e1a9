import { expect, test } from 'vitest'
import { countsThreadsApart, jailedLaunchCommand } from './launch-command.ts'

test.each([
  ['4.19.0-27-amd64', false],
  ['5.10.0-32-amd64', false],
  ['5.14.0', true],
  ['6.1.0-40-cloud-amd64', true],
  ['10.0', true],
])('whether Linux %s counts the threads of a jail apart: %s', (version, expected) => {
  expect(countsThreadsApart(version)).toBe(expected)
})

function command(given: { program?: string; hasHostNetwork?: boolean; user?: { uid: number; gid: number } }) {
  const { program = '/nowhere/bin/qemu', hasHostNetwork = false, user } = given
  const limits = { addressSpaceBytes: 2 ** 31, cpuSeconds: 10, fileBytes: 2 ** 20 }
  const jail = { readable: ['/image'], writable: ['/run/guest'], devices: ['/dev/kvm'], hasHostNetwork }
  return jailedLaunchCommand({ program, argv: ['-S'], limits, user }, jail, { ONE: '1' }).join(' ')
}

test('a jail has what is given, each as it is given, and QEMU comes last', () => {
  const words = command({})
  expect(words).toMatch(/^bwrap .* -- \/bin\/sh -c .* sh \/nowhere\/bin\/qemu -sandbox on,\S+ -S$/)
  for (const part of [
    '--ro-bind /image /image',
    '--bind /run/guest /run/guest',
    '--dev-bind /dev/kvm /dev/kvm',
    '--clearenv --setenv ONE 1 --',
  ]) {
    expect(words).toContain(part)
  }
})

test('it has a network of its own, or the host’s with the names of its servers', () => {
  expect(command({})).toContain('--unshare-net')
  expect(command({})).not.toContain('/etc/resolv.conf')
  const onHosts = command({ hasHostNetwork: true })
  expect(onHosts).not.toContain('--unshare-net')
  expect(onHosts).toContain('--ro-bind-try /etc/resolv.conf /etc/resolv.conf')
})

test('another user comes before the jail', () => {
  expect(command({ user: { uid: 1001, gid: 1002 } })).toMatch(/^setpriv --reuid=1001 --regid=1002 .* bwrap /)
})
