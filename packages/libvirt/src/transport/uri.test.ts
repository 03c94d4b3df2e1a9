import { expect, test } from 'vitest'
import { LibvirtConnectionError } from '../common/connection-error.ts'
import { parseUri } from './uri.ts'

test.each([
  ['qemu:///system', 'qemu', 'qemu:///system', false, undefined],
  ['qemu:///session', 'qemu', 'qemu:///session', true, undefined],
  ['lxc:///system', 'lxc', 'lxc:///system', false, undefined],
  ['lxc:///', 'lxc', 'lxc:///system', false, undefined],
  ['test:///default', 'test', 'test:///default', false, undefined],
  ['test+unix:///default?socket=/tmp/a%20b', 'test', 'test:///default', false, '/tmp/a b'],
  ['qemu+unix:///system?socket=/s&no_verify=1', 'qemu', 'qemu:///system?no_verify=1', false, '/s'],
])('%s', (uri, driver, name, session, socketPath) => {
  expect(parseUri(uri)).toEqual({ driver, transport: 'unix', name, session, socketPath })
})

test.each([
  ['qemu', "is not of the form 'driver:///path'"],
  ['', "is not of the form 'driver:///path'"],
  ['qemu+ssh://host/system', "asks for the transport 'ssh'"],
  ['qemu+tcp://host/system', "asks for the transport 'tcp'"],
  ['qemu://host/system', "names the host 'host'"],
  ['qemu+unix:///system?socket=relative', 'not an absolute path'],
])('%s is refused', (uri, problem) => {
  expect(() => parseUri(uri)).toThrow(LibvirtConnectionError)
  expect(() => parseUri(uri)).toThrow(problem)
  expect(() => parseUri(uri)).toThrow(expect.objectContaining({ code: 'URI_INVALID' }))
})
