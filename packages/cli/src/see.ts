import { main } from './main.ts'

const exitCode = await main(process.argv.slice(2), { out: process.stdout, error: process.stderr })
// Nothing that a hook or a protocol left running may hold the command up.
process.exit(exitCode)
