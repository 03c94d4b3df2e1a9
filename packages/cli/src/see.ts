import { realHost } from './check/real-host.ts'
import { main } from './main.ts'
import { resourcesFactory } from './run/resources-factory.ts'
import { buildTinyGuest } from './run/tiny-guest.ts'

const terminal = { out: process.stdout, error: process.stderr }
const dependencies = { terminal, factory: resourcesFactory, tinyGuest: buildTinyGuest, host: realHost }
const exitCode = await main(process.argv.slice(2), dependencies)
// Nothing that a hook or a protocol left running may hold the command up.
process.exit(exitCode)
