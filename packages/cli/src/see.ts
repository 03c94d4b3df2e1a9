import { realHost } from './check/real-host.ts'
import { main } from './main.ts'
import { resourcesFactory } from './run/resources-factory.ts'

const terminal = { out: process.stdout, error: process.stderr }
const exitCode = await main(process.argv.slice(2), { terminal, factory: resourcesFactory, host: realHost })
// Nothing that a hook or a protocol left running may hold the command up.
process.exit(exitCode)
