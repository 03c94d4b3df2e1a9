import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { debugfs } from './disk-images.ts'

const BLOCK = 1024
const POINTERS = BLOCK / 4

/**
 * Makes the directory `full` one of 64 MiB, each of whose blocks is the same one, on a file system with blocks of 1 KiB
 * that are listed in inodes; the file `pointers` has two blocks for that.
 */
export function oneBlockOnly(image: string): void {
  const blocks = (file: string): number[] => {
    const said = execFileSync('debugfs', ['-R', `blocks ${file}`, image], { encoding: 'utf8', stdio: 'pipe' })
    return said.trim().split(/\s+/).map(Number)
  }
  const [names = 0] = blocks('/full')
  const [once = 0, twice = 0] = blocks('/pointers')
  const bytes = readFileSync(image)
  for (let at = 0; at < POINTERS; at++) {
    bytes.writeUInt32LE(names, once * BLOCK + at * 4)
    bytes.writeUInt32LE(once, twice * BLOCK + at * 4)
  }
  writeFileSync(image, bytes)
  const direct = Array.from({ length: 12 }, (_, number) => `set_inode_field /full block[${number}] ${names}`)
  debugfs(
    image,
    ...direct,
    `set_inode_field /full block[IND] ${once}`,
    `set_inode_field /full block[DIND] ${twice}`,
    `set_inode_field /full size ${(12 + POINTERS + POINTERS ** 2) * BLOCK}`,
  )
}
