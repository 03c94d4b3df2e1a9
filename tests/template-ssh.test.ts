import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { line } from './support/marks.ts'
import { imageWithSsh } from './support/ssh-guest.ts'
import { TemplateFolder } from './support/template-guest.ts'

let folder: TemplateFolder
beforeAll(() => {
  folder = new TemplateFolder()
})
afterAll(() => folder[Symbol.dispose]())

test('clones have SSH host keys of their own, slow ones a while later, and none of the template', {
  timeout: 120_000,
}, async () => {
  const { image, keys } = imageWithSsh(folder.path, ['ed25519', 'rsa'])
  const [old, oldRsa] = keys.map((path) => readFileSync(path, 'utf8').trim())
  const disk = { image }
  await folder.build('ssh', folder.resources({ disk }))
  const found: string[] = []
  for (const { context } of [
    await folder.clone(folder.resources({ disk, template: 'ssh' })),
    await folder.clone(folder.resources({ disk, template: 'ssh' })),
  ]) {
    await context.poweron()
    const key = await line(context, 'cat /etc/ssh/ssh_host_ed25519_key.pub')
    expect(key).toMatch(/^ssh-ed25519 /)
    const own = '/etc/ssh/ssh_host_ed25519_key'
    expect(await line(context, `ssh-keygen -y -f ${own}; stat -c %a ${own} ${own}.pub`)).toBe(
      `${key}\n600\n644`,
    )
    expect(await line(context, 'cat /etc/ssh/ssh_host_rsa_key.pub 2>/dev/null')).not.toBe(oldRsa)
    const rsa = async () => await line(context, 'cat /etc/ssh/ssh_host_rsa_key.pub 2>/dev/null')
    await expect.poll(rsa, { timeout: 60_000, interval: 1000 }).toMatch(/^ssh-rsa /)
    found.push(key, await rsa())
  }
  expect(new Set([old, oldRsa, ...found]).size).toBe(6)
})
