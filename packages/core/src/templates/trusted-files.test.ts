import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TemplateStore } from './template-store.ts'
import { writtenTemplate } from './testing/written-template.ts'

const { signal } = new AbortController()
let folder = ''
let store = new TemplateStore('')
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-templates-'))
  store = new TemplateStore(join(folder, 'store'))
  await writeFile(join(folder, 'image'), 'an image')
})
afterEach(async () => await rm(folder, { recursive: true }))

const build = () => store.build('tiny', writtenTemplate('tiny', join(folder, 'image')), signal)

const NOBODY = 65_534
const anothers: readonly (readonly [string, (path: string) => Promise<void>, string])[] = [
  [
    'its folder belongs to another',
    async (path) => await chown(path, NOBODY, NOBODY),
    'belongs to user 65534',
  ],
  ['the folder of all', async (path) => await chown(join(path, '..'), NOBODY, 0), 'belongs to user 65534'],
  ['its manifest', async (path) => await chown(join(path, 'manifest.json'), NOBODY, 0), 'belongs to user'],
  ['its memory', async (path) => await chown(join(path, 'memory'), NOBODY, 0), 'memory belongs to user'],
]
// Only root can give files away.
const ofAnother = process.geteuid?.() === 0 ? anothers : []

test.each([
  ...ofAnother,
  ['its folder, which its group may write to', async (path) => await chmod(path, 0o775), 'its group may'],
  [
    'the folder of all, open to every user',
    async (path) => await chmod(join(path, '..'), 0o777),
    'every user',
  ],
  [
    'its manifest, open to every user',
    async (path) => await chmod(join(path, 'manifest.json'), 0o646),
    '(mode 646)',
  ],
  [
    'its memory, open to every user',
    async (path) => await chmod(join(path, 'memory'), 0o662),
    'every user may',
  ],
  [
    'its disk, which its group may write to',
    async (path) => await chmod(join(path, 'disk.qcow2'), 0o460),
    'its group',
  ],
  [
    'its state, a link to a file elsewhere',
    async (path) => {
      await rename(join(path, 'state'), join(path, '..', '..', 'state'))
      await symlink('../../state', join(path, 'state'))
    },
    'state is not a file',
  ],
  [
    'its folder, a link to one elsewhere',
    async (path) => {
      await rename(path, `${path}-elsewhere`)
      await symlink(`${path}-elsewhere`, path)
    },
    'is not a folder',
  ],
] satisfies typeof anothers)(
  'a template is refused that another user could have made or changed: %s',
  async (_what, spoil, reason) => {
    const { folder: path } = await build()
    await spoil(path)
    const opened = store.open('tiny')
    await expect(opened).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' })
    await expect(opened).rejects.toThrow(reason)
  },
)

test('a folder in which every user has what is theirs may hold templates', async () => {
  await build()
  await chmod(store.root, 0o1777)
  expect((await store.open('tiny')).name).toBe('tiny')
})

test('nothing is built where another user could change it', async () => {
  await mkdir(store.root)
  await chmod(store.root, 0o777)
  const building = build()
  await expect(building).rejects.toMatchObject({ code: 'TEMPLATE_BUILD' })
  await expect(building).rejects.toThrow('every user may write to')
  expect(await readdir(store.root)).toEqual([])
})
