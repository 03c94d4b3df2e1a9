import { readFile, stat } from 'node:fs/promises'

/**
 * Whether a process has locked the file, as QEMU does with every disk that it has open, including those beneath an
 * overlay. False where the kernel does not report it.
 */
export async function isLocked(path: string): Promise<boolean> {
  const { dev, ino } = await stat(path, { bigint: true })
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n)
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)
  const place = ` ${hexadecimal(major)}:${hexadecimal(minor)}:${ino} `
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '')
  return locks.includes(place)
}

function hexadecimal(number: bigint): string {
  return number.toString(16).padStart(2, '0')
}
