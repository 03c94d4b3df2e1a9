import { qemuFactory } from '@see/core'
import { realHost } from './check/real-host.ts'
import { main } from './main.ts'

const terminal = { out: process.stdout, error: process.stderr }
const exitCode = await main(process.argv.slice(2), { terminal, factory: qemuFactory, host: realHost })
// Nothing that a hook or a protocol left running may hold the command up.
process.exit(exitCode)
