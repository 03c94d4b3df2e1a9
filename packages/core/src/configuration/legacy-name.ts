import { z } from 'zod'
import type { Logger } from '../common/logger.ts'

/** In an example of the reference's manual, a resources file names the class that reads it. */
export const legacyName = z
  .string()
  .optional()
  .describe("The Python reference's name of the class for these resources; not needed, and warned of.")

export function warnOfLegacyName(name: string | undefined, logger: Logger): void {
  if (name === undefined) return
  logger.warn(
    { name },
    'the resources have a "name", which decides nothing here: the factory, or the scheme of "hypervisor", does; remove it',
  )
}
