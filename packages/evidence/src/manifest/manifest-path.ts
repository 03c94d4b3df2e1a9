import { z } from 'zod'

/** Whether a path leads to a place inside the folder it is relative to, on any system. */
function isInside(path: string): boolean {
  // A backslash or a drive would lead elsewhere on Windows.
  if (/^[/]|[\\\0]|^[A-Za-z]:/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

/** The path of a file of evidence, relative to the folder of its manifest. */
export const manifestPath = z.string().max(4096).refine(isInside, {
  error: 'expected a path inside the folder of the manifest, its parts separated by `/`',
})
