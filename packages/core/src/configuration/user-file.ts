import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { messageOf, SeeError } from '../common/errors.ts'
import { trustedPath } from './trusted-file.ts'

/** More than any configuration or XML that a person writes. */
export const CONFIGURATION_BYTES = 1024 * 1024

/**
 * Reads a text that decides what SEE does, from a file that its user named; a byte order mark is left out.
 * @throws SeeError `FILE_UNREADABLE` for what is no regular file, too large or cannot be read, or `FILE_UNTRUSTED`
 */
export function readUserFile(path: string): string {
  return textOf(readUserBytes(path))
}

/**
 * The same for a file that may have another encoding than UTF-8.
 * @throws SeeError as {@link readUserFile}
 */
export function readUserBytes(path: string): Buffer {
  try {
    return readRegularBytes(trustedPath(path), CONFIGURATION_BYTES)
  } catch (error) {
    if (error instanceof SeeError) throw error
    throw new SeeError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Reads a text without ever waiting for it: a pipe, a device or a socket is refused.
 * @throws Error the operating system's, or one that says what the file is
 */
export function readRegularFile(path: string, maxBytes: number): string {
  return textOf(readRegularBytes(path, maxBytes))
}

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

function readRegularBytes(path: string, maxBytes: number): Buffer {
  // Before it is opened, since to open a device may do something.
  assertReadable(statSync(path), maxBytes)
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stats = fstatSync(descriptor)
    assertReadable(stats, maxBytes)
    // A file of /proc says that it is empty.
    const buffer = Buffer.alloc(stats.size === 0 ? maxBytes + 1 : stats.size + 1)
    let length = 0
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(descriptor, buffer, length, buffer.length - length, null)
    }
    if (length > maxBytes) throw tooLarge(length, maxBytes)
    return buffer.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}

function assertReadable(stats: Stats, maxBytes: number): void {
  if (!stats.isFile()) throw new Error(`it is ${kindOf(stats)}, and not a regular file`)
  if (stats.size > maxBytes) throw tooLarge(stats.size, maxBytes)
}

function tooLarge(bytes: number, maxBytes: number): Error {
  return new Error(`it has ${bytes} bytes, and ${maxBytes} are allowed`)
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a named pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}
