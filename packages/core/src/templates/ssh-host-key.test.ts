import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newSshHostKey } from './ssh-host-key.ts'

test('OpenSSH reads the private key, and finds the public one in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-ssh-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { publicKey, privateKey } = newSshHostKey()
  const file = join(folder, 'key')
  const lines = ['-----BEGIN OPENSSH PRIVATE KEY-----', privateKey, '-----END OPENSSH PRIVATE KEY-----', '']
  writeFileSync(file, lines.join('\n'), { mode: 0o600 })
  const read = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' })
  expect(read.trim()).toBe(`ssh-ed25519 ${publicKey}`)
  expect(newSshHostKey().publicKey).not.toBe(publicKey)
})
