import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GuestOptions, runGuestBuilder } from './guest-builder.ts'
import { type GuestFile, guestFiles } from '@see/core/guest-files'

/** In a clone of SEE, which is what has it. */
const BUILDER = fileURLToPath(new URL('../../../../guest/build.sh', import.meta.url))

/** Finds the folder of the tiny guest, which is built when it is not there. */
export type TinyGuest = (options: GuestOptions) => Promise<string>

/** @throws SeeError `TOOL_MISSING` or `IMAGE_UNAVAILABLE`, or the signal's reason */
export async function buildTinyGuest(options: GuestOptions, script = BUILDER): Promise<string> {
  return await runGuestBuilder({ script, what: 'the tiny guest' }, options)
}

/** The resources file of a guest's folder for a provider. */
export function guestResources(folder: string, provider: GuestFile): string {
  return join(folder, guestFiles[provider])
}
