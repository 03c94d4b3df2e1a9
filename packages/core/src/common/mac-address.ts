import { randomBytes } from 'node:crypto'

/** A random MAC address in the range of QEMU (52:54:00), which no hardware is sold with. */
export function freshMacAddress(): string {
  return `52:54:00:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`
}
