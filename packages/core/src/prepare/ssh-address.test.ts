import { expect, test } from 'vitest'
import { isSshAddress, parseSshAddress } from './ssh-address.ts'

test.each([
  ['root@debian', { user: 'root', host: 'debian', port: undefined }],
  ['root@10.0.0.7:2222', { user: 'root', host: '10.0.0.7', port: 2222 }],
  ['ssh://debian', { user: undefined, host: 'debian', port: undefined }],
  ['ssh://jo@debian.example:22/', { user: 'jo', host: 'debian.example', port: 22 }],
  ['root@[fe80::1%eth0]:22', { user: 'root', host: 'fe80::1%eth0', port: 22 }],
  ['jo@example.org@jump', { user: 'jo@example.org', host: 'jump', port: undefined }],
])('%s is an address', (text, address) => {
  expect(isSshAddress(text)).toBe(true)
  expect(parseSshAddress(text)).toEqual({ text, ...address })
})

test.each([
  'root@-oProxyCommand=x',
  '-oProxyCommand=x@host',
  'ssh://-x',
  'root@',
  '@host',
  'root@host:0',
  'root@host:65536',
  'root@host:ssh',
  'root@fe80::1',
  'root@[host]',
  'root@a b',
  'root@a\n',
  'ssh://root@host/path',
  'ssh://',
])('%j is no address that ssh is given', (text) => {
  expect(isSshAddress(text)).toBe(true)
  expect(() => parseSshAddress(text)).toThrow(/is not USER@HOST\[:PORT\]/)
})

test.each(['disk.qcow2', './root@host.qcow2', '/images/root@host', 'host'])('%s is a path', (text) => {
  expect(isSshAddress(text)).toBe(false)
})
