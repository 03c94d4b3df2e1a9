import { main } from './main.ts'

// A terminal that closes, or a reader of a pipe that ends, must not break a clean-up: what cannot be written is dropped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
const exitCode = await main(process.argv.slice(2), { out: process.stdout, error: process.stderr })
// Nothing that a hook or a protocol left running may hold the command up.
process.exit(exitCode)
