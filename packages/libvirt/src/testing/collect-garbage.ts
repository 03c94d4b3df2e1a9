import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Takes away what nothing refers to any more. */
export const collectGarbage: () => undefined = runInNewContext('gc')
