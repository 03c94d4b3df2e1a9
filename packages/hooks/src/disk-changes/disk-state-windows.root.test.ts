import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, copyOf, ext4, folderWith, inNtfs, ntfs, partitioned } from '../testing/disk-images.ts'
import { emptyHive, mergeIntoHive } from '../testing/registry-hive.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const RUN_KEY = String.raw`[\Microsoft]

[\Microsoft\Run]
`
const BEFORE = String.raw`"keep"="x"
"changed"="before"
"gone"=dword:00000001

[\Microsoft\Old]
"in it"="x"
`
const AFTER = String.raw`"changed"="after"
"gone"=-
"evil, \"quoted\""="C:\\evil.exe"

[\Microsoft\New/key]
"bytes"=hex:00,01,2c

[-\Microsoft\Old]
`

/** A disk as Windows has one: boot files on one partition, the system on another. */
function windowsDisk(folder: string): { before: string; after: string; partition: string } {
  const software = mergeIntoHive(emptyHive(join(folder, 'software')), RUN_KEY + BEFORE)
  const system = mergeIntoHive(emptyHive(join(folder, 'system')), '[\\Select]\n')
  const user = mergeIntoHive(emptyHive(join(folder, 'user')), '[\\Software]\n')
  const partition = ntfs(join(folder, 'ntfs'))
  inNtfs(
    partition,
    `mkdir -p WINDOWS/system32/config Users/bob; cp ${software} WINDOWS/system32/config/SOFTWARE
    cp ${system} WINDOWS/system32/config/SYSTEM; cp ${user} Users/bob/NTUSER.DAT
    echo hosts >hosts; echo gone >gone.txt; echo moved >old.txt; sleep 1.1`,
  )
  const after = copyOf(partition)
  mergeIntoHive(software, RUN_KEY + AFTER)
  // A broken cell: what is under it cannot be read.
  const broken = readFileSync(user)
  broken.write('xx', broken.indexOf('Software') - 0x4c)
  writeFileSync(user, broken)
  inNtfs(
    after,
    `cp ${software} WINDOWS/system32/config/SOFTWARE; cp ${user} Users/bob/NTUSER.DAT
    echo MZ >evil.exe; echo evil >hosts:hidden; rm gone.txt; mv old.txt new.txt; echo '# evil' >>hosts
    printf x >'($FILE_NAME)'; mkdir 'a b'; printf x >'a b/\u{fc}'`,
  )
  const boot = ext4(join(folder, 'boot'), folderWith(join(folder, 'boot.files'), { bootmgr: 'boot' }))
  return {
    before: partitioned(join(folder, 'disk'), 'gpt', [boot, partition]),
    after: partitioned(join(folder, 'disk.after'), 'gpt', [boot, after]),
    partition,
  }
}

const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path).toSorted()
const key = (name: string) => String.raw`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft` + name

test('of a disk like those of Windows: files, streams, and the registry', async () => {
  await using temporary = await temporaryFolder()
  const { before, after } = windowsDisk(temporary.path)
  const disk = asCheckpoint(temporary.path, before, after)
  await using run = await diskAnalysis(temporary.path, disk, { compare_registries: true, strict: true })
  const report = await run.analyse()
  expect(report.partitions).toMatchObject([
    { name: 'p1', file_system: 'ext4', not_compared: ['holes', 'unused_space'] },
    {
      name: 'p2',
      file_system: 'ntfs',
      not_compared: [
        'access_control_lists',
        'dos_attributes',
        'holes',
        'times_beyond_32_bits',
        'times_of_folder_streams',
        'unused_space',
      ],
    },
  ])
  expect(paths(report.created_files)).toEqual(
    ['($FILE_NAME)', 'a b', 'a b/\u{fc}', 'evil.exe', 'hosts:hidden', 'new.txt'].map((name) => `p2:/${name}`),
  )
  const hive = 'p2:/WINDOWS/system32/config/SOFTWARE'
  const userHive = 'p2:/Users/bob/NTUSER.DAT'
  expect(paths(report.modified_files)).toEqual([userHive, hive, 'p2:/hosts'])
  expect(paths(report.deleted_files)).toEqual(['p2:/gone.txt', 'p2:/old.txt'])
  expect(report.created_files).toContainEqual(expect.objectContaining({ renamed_from: 'p2:/old.txt' }))

  const registry = report.registry ?? expect.fail()
  expect(registry.created_keys).toEqual([{ hive, key: key(String.raw`\New/key`) }])
  expect(registry.deleted_keys).toEqual([{ hive, key: key(String.raw`\Old`) }])
  expect(registry.created_values).toEqual([
    { hive, key: key(String.raw`\New/key`), value: 'bytes', type: 'BINARY', data: '00012c', size: 3 },
    {
      hive,
      key: key(String.raw`\Run`),
      value: 'evil, "quoted"',
      type: 'SZ',
      data: String.raw`C:\evil.exe`,
      size: 24,
    },
  ])
  const original = { size: 12, original_type: 'SZ', original_data: 'before', original_size: 14 }
  expect(registry.modified_values).toEqual([
    { hive, key: key(String.raw`\Run`), value: 'changed', type: 'SZ', data: 'after', ...original },
  ])
  expect(registry.deleted_values).toEqual(
    expect.arrayContaining([
      {
        hive,
        key: key(String.raw`\Run`),
        value: 'gone',
        original_type: 'DWORD',
        original_data: '0x00000001',
        original_size: 4,
      },
    ]),
  )
  expect(report.errors).toEqual([
    expect.stringContaining(`the hive ${userHive} was read in parts: HKEY_USERS`),
  ])
  expect(run.context.failures).toMatchObject([{ error: { code: 'TOOL_FAILED' } }])
})
