import { z } from 'zod'

/** Inside of the folder it is relative to on any system: a backslash or a drive would lead elsewhere on Windows. */
const INSIDE = /^(?![A-Za-z]:)(?!\.{1,2}(?:\/|$))[^/\\\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\\0]+)*$/

/** The path of a file of evidence, relative to the folder of its manifest. */
export const manifestPath = z.string().max(4096).regex(INSIDE, {
  error: 'expected a path inside the folder of the manifest, its parts separated by `/`',
})
