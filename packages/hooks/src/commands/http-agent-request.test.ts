import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { agentPath } from './http-agent-request.ts'

const command = 'dir C:\\ & echo "ü+%{x}"'

/** What the agent finds in a query. */
function asked(path: string): Record<string, string> {
  expect(path.startsWith('/?')).toBe(true)
  return Object.fromEntries(new URLSearchParams(path.slice(2)))
}

test('a command is asked for as the reference asks', () => {
  const path = agentPath({ command: 'ls -al', sample: undefined, inBackground: false }, 'windows')
  expect(path).toBe('/?command=ls+-al&async=0')
})

test('a sample, in the background', () => {
  const path = agentPath({ command: 'start {sample}', sample: '/a/b.exe', inBackground: true }, 'windows')
  expect(path).toBe('/?command=start+%7Bsample%7D&sample=b.exe&async=1')
})

test('without a command the sample itself is run', () => {
  const request = { command: undefined, sample: 'b.exe', inBackground: false }
  expect(asked(agentPath(request, 'windows'))['command']).toBe('{sample}')
})

test('a command comes through as it is', () => {
  const request = { command, sample: undefined, inBackground: false }
  expect(asked(agentPath(request, 'windows'))['command']).toBe(command)
})

test('with a sample, other braces than its own mean themselves', () => {
  const request = { command: '{sample} {x} {sample}}', sample: 'a', inBackground: false }
  expect(asked(agentPath(request, 'windows'))['command']).toBe('{sample} {{x}} {sample}}}')
})

test.each([
  ['/tmp/a b&c;$(d)"e.exe', 'a_b_c___d__e.exe'],
  ['/tmp/ü.pdf', '_.pdf'],
  ['/tmp/..', '..'],
  [`/tmp/${'a'.repeat(200)}.exe`, `${'a'.repeat(96)}.exe`],
])('the name of %s is one word of any shell', (sample, name) => {
  expect(asked(agentPath({ command: 'x', sample, inBackground: false }, 'windows'))['sample']).toBe(name)
})

/** The agent's own way: its words, of which the shell takes the first as its script. Others give a shell the whole. */
const shells = {
  'the agent': (line: string) => ['-c', ...line.split(' ')],
  'a shell': (line: string) => ['-c', line],
}

test.each(Object.entries(shells))('on posix all words of a command are run by %s', (_name, words) => {
  const script = 'set -- "two  words" \'{}\'; printf "%s|" "$@" a  b; exit 3'
  const request = { command: script, sample: undefined, inBackground: false }
  const line = asked(agentPath(request, 'posix'))['command'] ?? ''
  const run = () => execFileSync('/bin/sh', words(line), { encoding: 'utf8', stdio: 'pipe' })
  expect(run).toThrow(expect.objectContaining({ status: 3, stdout: 'two  words|{}|a|b|' }))
})
