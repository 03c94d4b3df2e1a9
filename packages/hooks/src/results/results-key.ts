import { z } from '@see/core'

/** The key `results_folder` of a hook. @param what it is the folder for */
export function resultsKey(what: string) {
  return z.string().min(1).describe(`The folder for ${what}; made when it is missing.`)
}
