import { timeoutSignal } from '../common/timeout-signal.ts'
import { reapOwner } from './reap-owner.ts'

/** What cannot be undone by then is left to `see reap`. */
const TIMEOUT_MS = 120_000

const [, , folder, socket] = process.argv
if (folder === undefined || socket === undefined) throw new Error('usage: keeper-main.js FOLDER SOCKET')
await reapOwner(folder, socket, { signal: timeoutSignal(TIMEOUT_MS) })
process.exit()
