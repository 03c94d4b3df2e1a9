import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { applyRules, seesDevice } from './nftables.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-nft-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A program in the place of nft. */
function program(name: string, script: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return path
}

test('the program is given the rules, and an environment without the caller’s variables', async () => {
  const nft = program('good', `env > ${folder}/env; echo "$@" > ${folder}/argv; cat > ${folder}/rules`)
  const rules = `table inet a {\n  # "${'x'.repeat(200_000)}"\n}\n`
  await applyRules(nft, rules)
  expect(readFileSync(join(folder, 'rules'), 'utf8')).toBe(rules)
  expect(readFileSync(join(folder, 'argv'), 'utf8')).toBe('-f -\n')
  expect(readFileSync(join(folder, 'env'), 'utf8')).not.toContain('HOME=')
})

test('what it says when it fails is in the error, and nothing in that which a terminal obeys', async () => {
  const nft = program('bad', String.raw`cat > /dev/null; printf 'Error: \033[2Jno\n  ^^\n' >&2; exit 1`)
  await expect(applyRules(nft, 'a')).rejects.toThrow(String.raw`nft says "Error: \u001b[2Jno\n  ^^"`)
  const silent = program('silent', 'cat > /dev/null; exit 3')
  await expect(applyRules(silent, 'a')).rejects.toThrow('nft says ""')
})

test('a program that reads nothing also counts as failed', async () => {
  await expect(applyRules(program('deaf', 'exit 1'), 'x'.repeat(1_000_000))).rejects.toThrow('nft says')
})

describe('whether a device is there', () => {
  test('is known by its whole name', async () => {
    expect(await seesDevice('lo')).toBe(true)
    for (const name of ['l', 'o', 'lo0', '', 'lo:', '.*', 'Inter-|   Receive']) {
      expect([name, await seesDevice(name)]).toEqual([name, false])
    }
  })
})
