import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textOf } from './files/listed-file.ts'
import { diskAnalysis } from '../testing/disk-analysis.ts'
import { asCheckpoint, quietly } from '../testing/disk-images.ts'
import { diskChanges, parseWalk, walkScript } from '../testing/disk-truth.ts'
import { inWorkshop } from '../testing/disk-workshop.ts'
import { builtReader } from '../testing/reader-kit.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { asTskLists, toldBy, truthOf } from '../testing/truth-of-changes.ts'

const kit = builtReader()
const MIB = 1024 * 1024
/** `npm run proof:disk` makes more changes, on more file systems, and compares them in both ways. */
const asked = process.env['SEE_TRUTH_CHANGES']
const CHANGES = Number(asked ?? '170')

/** Each file system: how its paths begin, where the script mounts it, from which device. */
const fileSystems = [
  { prefix: 'p1:', device: '/dev/vda1', type: 'ext4' },
  { prefix: 'p2:', device: '/dev/vda2', type: 'xfs' },
  { prefix: 'p3:', device: '/dev/vda3', type: 'btrfs' },
  { prefix: 'vg-a/root:', device: '/dev/mapper/vg--a-root', type: 'xfs' },
  { prefix: 'vg-a/my-data:', device: '/dev/mapper/vg--a-my--data', type: 'btrfs' },
  { prefix: 'vg-a/clustered:', device: '/dev/mapper/vg--a-clustered', type: 'ext4' },
  { prefix: 'md/array:', device: '/dev/md/array', type: 'ext4' },
]
  .map((each, index) => ({ ...each, folder: `/m/${index}` }))
  .filter(({ prefix }) => asked !== undefined || (prefix !== 'p2:' && prefix !== 'p3:'))
const share = Math.ceil(CHANGES / fileSystems.length)

const LAYOUT = `
sfdisk -q /dev/vda <<'TABLE'
label: gpt
size=64MiB
size=320MiB
size=128MiB
size=576MiB
size=40MiB
size=40MiB
TABLE
modprobe -a md-mod raid1 xfs btrfs
mke2fs -q -t ext4 -N 8192 /dev/vda1
mkfs_xfs -q /dev/vda2
mkfs_btrfs -q /dev/vda3
exec 3>&1 >/dev/ttyS0
lvm pvcreate /dev/vda4
lvm vgcreate vg-a /dev/vda4
lvm lvcreate -y -n root -L 320M vg-a
lvm lvcreate -y -n my-data -L 128M vg-a
lvm lvcreate -y -n clustered -L 56M vg-a
lvm lvcreate -y -n swap -L 16M vg-a
mkswap /dev/mapper/vg--a-swap
mdadm --create /dev/md/array --run --name=array --level=1 --raid-devices=2 /dev/vda5 /dev/vda6
exec >&3 3>&-
mkfs_xfs -q /dev/mapper/vg--a-root
mkfs_btrfs -q /dev/mapper/vg--a-my--data
mke2fs -q -t ext4 -O bigalloc -b 4096 -C 16384 -N 8192 /dev/mapper/vg--a-clustered
mke2fs -q -t ext4 -O meta_bg,^resize_inode -N 8192 /dev/md/array
`
const ASSEMBLE = `
modprobe -a md-mod raid1 xfs btrfs
lvm vgchange -ay >/dev/ttyS0
mdadm --assemble --scan --config=partitions >/dev/ttyS0 2>&1
`
const LEAVE = `
lvm vgchange -an >/dev/ttyS0
mdadm --stop --scan >/dev/ttyS0 2>&1
`

function mounted(script: (folder: string) => string): string {
  const each = fileSystems.map(
    ({ device, type, folder }) => `mkdir -p ${folder}; mount -t ${type} ${device} ${folder}
    ${script(folder)}\numount ${folder}
    mount -t ${type} -o ro ${device} ${folder}\necho "walk ${folder}"\n${walkScript(folder)}\numount ${folder}`,
  )
  return each.join('\n')
}

/** What the walks of one boot printed, by the folder. */
function walksIn(output: string) {
  const parts = output.split(/^walk (\/m\/\d+)\n/m)
  return new Map(fileSystems.map(({ folder }) => [folder, parseWalk(parts[parts.indexOf(folder) + 1] ?? '')]))
}

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
afterAll(() => temporary[Symbol.asyncDispose]())

let disks: { readonly image: string; readonly checkpoint: string }
let truth: Record<string, string>

beforeAll(async () => {
  temporary = await temporaryFolder()
  const { path } = temporary
  const [before, after] = [join(path, 'before'), join(path, 'after')]
  writeFileSync(before, '')
  truncateSync(before, 1280 * MIB)
  const made = inWorkshop(
    kit,
    [before],
    LAYOUT + mounted((folder) => diskChanges(folder, share).before) + LEAVE,
  )
  quietly('cp', '--sparse=always', before, after)
  const changed = inWorkshop(
    kit,
    [after],
    ASSEMBLE + mounted((folder) => diskChanges(folder, share).after) + LEAVE,
  )
  disks = asCheckpoint(path, before, after)
  const [former, now] = [walksIn(made), walksIn(changed)]
  const entries = fileSystems.flatMap(({ prefix, folder }) =>
    [...truthOf(former.get(folder) ?? new Map(), now.get(folder) ?? new Map())].map(
      ([name, what]) => [`${prefix}${textOf(prefix === 'p1:' ? asTskLists(name) : name)}`, what] as const,
    ),
  )
  truth = Object.fromEntries(entries)
}, 3_600_000)

test('the walks of others than SEE see the changes', () => {
  expect(Object.keys(truth).length).toBeGreaterThan(CHANGES)
})

test.each(asked === undefined ? [{ strict: true }] : [{ strict: false }, { strict: true }])(
  'files on XFS, btrfs, LVM, md and ext4: nothing is missing, nothing is invented: %j',
  async (configuration) => {
    await using results = await temporaryFolder()
    await using run = await diskAnalysis(results.path, disks, { reader: kit.folder, ...configuration })
    const report = await run.analyse()
    expect(report.errors).toEqual([])
    // A line break, as The Sleuth Kit lists it.
    expect(report.warnings.map(({ code }) => code)).toEqual(['DISK_NAMES_UNCLEAR'])
    expect(Object.fromEntries(toldBy(report))).toEqual(truth)
  },
  1_200_000,
)
