import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tinyGuest } from './tiny-guest.ts'

/** Makes a file, and removes an older one, some ten times a second until the guest is a clone. `/run/made` has the last one. */
const BUSY = `#!/bin/sh
number=0
mkdir /root/made
while read -r name </proc/sys/kernel/hostname && [ "$name" = see-guest ]; do
  number=$((number + 1))
  echo "$number" >"/root/made/$number"
  [ "$number" -le 9 ] || rm "/root/made/$((number - 9))"
  echo "$number" >/run/made
  usleep 20000
done &
`

/**
 * Makes the tiny guest's disk one with a journal, whose guest changes files all the time up to the moment it is frozen.
 * @returns the image's path
 */
export function journaledImage(folder: string): string {
  const [raw, image, script] = [join(folder, 'raw'), join(folder, 'journaled.qcow2'), join(folder, 'busy')]
  execFileSync('qemu-img', ['convert', '-O', 'raw', join(tinyGuest(), 'disk.qcow2'), raw])
  execFileSync('tune2fs', ['-j', raw], { stdio: 'ignore' })
  writeFileSync(script, BUSY)
  const commands = [`write ${script} /etc/init.d/S99busy`, 'sif /etc/init.d/S99busy mode 0100755']
  execFileSync('debugfs', ['-w', '-f', '-', raw], { input: `${commands.join('\n')}\n`, stdio: 'pipe' })
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, image])
  chmodSync(image, 0o644)
  for (const path of [raw, script]) rmSync(path)
  return image
}
