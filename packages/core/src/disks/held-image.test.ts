import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { withHeldImage } from './held-image.ts'
import { readImageChain } from './image-chain.ts'
import { qcow2Header } from './testing/image-headers.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-held-'))
afterAll(() => rmSync(folder, { recursive: true }))

const rules = { isLocal: true, backingFolders: [] }

function files(name: string): { base: string; path: string } {
  const [base, path] = [join(folder, `${name}-base`), join(folder, name)]
  writeFileSync(base, `the base of ${name}`)
  writeFileSync(path, qcow2Header({ backing: base, backingFormat: 'raw' }))
  return { base, path }
}

test('what takes the place of a file meanwhile is not read', async () => {
  const { base, path } = files('one')
  const image = await readImageChain(path, rules)
  await withHeldImage(image, async (held) => {
    renameSync(base, `${base}.away`)
    symlinkSync('/etc/passwd', base)
    expect(held.backing?.format).toBe('raw')
    expect(readFileSync(held.backing?.path ?? '', 'utf8')).toBe('the base of one')
    expect(readFileSync(held.path).equals(readFileSync(path))).toBe(true)
  })
})

test('what has taken the place of a file is refused', async () => {
  const { base, path } = files('two')
  const image = await readImageChain(path, rules)
  writeFileSync(`${base}.other`, 'another')
  renameSync(`${base}.other`, base)
  await expect(withHeldImage(image, async () => 'used')).rejects.toMatchObject({
    code: 'IMAGE_REFUSED',
    message: expect.stringContaining(base),
  })
  rmSync(base)
  symlinkSync('/etc/passwd', base)
  await expect(withHeldImage(image, async () => 'used')).rejects.toMatchObject({ code: 'IMAGE_REFUSED' })
})
