import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  callsOf,
  copyPrograms,
  diskChanges,
  inWorkshop,
  parseWalk,
  type TrueFile,
  walkScript,
} from '@see/hooks/testing'
import { temporaryFolder } from './temporary-folder.ts'
import { tinyGuest } from './tiny-guest.ts'

const PROGRAMS = ['chattr', 'setcap', 'setfattr', 'setfacl']
/** In memory, so that what makes the changes is none. */
const PLACE = '/run/truth'
const FOLDER = '/truth'

// The guest's own files, which every clone has from its template.
const OWN = `echo more >>/etc/group; chmod 600 /etc/profile; rm /etc/issue; chown 7 /etc/passwd; mv /etc/os-release /etc/os-release.moved
setfattr -n user.a -v b /etc/hostname; ln -sfn nowhere /bin/vi; ln /bin/busybox /bin/another; setcap cap_chown+ep /bin/busybox
chattr +i /etc/nsswitch.conf; touch -d @1500000000 /etc/inittab; printf X | dd of=/etc/hosts bs=1 seek=3 conv=notrunc
`

/** What makes a number of changes on the disk of a guest. */
export interface GuestChanges {
  /** To be unpacked into the guest's `/run`. */
  readonly programs: Buffer
  readonly before: string
  readonly after: string
}

/** Those of the disk proof, in a folder of the guest's own root, and some of the files that its image has. */
export function guestChanges(count: number): GuestChanges {
  const root = join(temporaryFolder(), 'truth')
  mkdirSync(root)
  copyPrograms(root, PROGRAMS)
  const { before, after } = diskChanges(FOLDER, count)
  const calls = callsOf(PROGRAMS, `LD_LIBRARY_PATH=$libraries ${PLACE}/opt/`)
  const start = `set -e\nlibraries=$(cat ${PLACE}/folders)\n${calls}`
  // Whose C library is the guest's.
  const pack = `find . -name '*.so*' -printf '${PLACE}/%h\\n' | sort -u | paste -sd: >folders
    tar -C .. -cz --exclude='libc.so*' --exclude='ld-*.so*' truth`
  const programs = execFileSync('bash', ['-c', pack], { cwd: root, maxBuffer: 2 ** 26 })
  return { programs, before: start + before, after: start + after + OWN }
}

/** What the kernel of a guest that has nothing to do with SEE's report sees on raw disks of one ext4 file system each. */
export function walksOf(disks: readonly string[]): ReadonlyMap<string, TrueFile>[] {
  const guest = tinyGuest()
  const kit = { kernel: join(guest, 'reader.vmlinuz'), initramfs: join(guest, 'reader.initrd') }
  const scripts = disks.map((_disk, index) => {
    const folder = `/m${index}`
    const device = `/dev/vd${'abcdef'[index]}`
    return `mkdir ${folder}; mount -t ext4 -o ro ${device} ${folder}\necho walk\n${walkScript(folder)}`
  })
  const output = inWorkshop(kit, disks, scripts.join(''))
  return output
    .split(/^walk\n/m)
    .slice(1)
    .map(parseWalk)
}
