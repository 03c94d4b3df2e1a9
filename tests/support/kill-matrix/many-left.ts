/** Allocates many environments, and is killed with its keeper once all are there. */
export const MANY_PROGRAM = `
import { execFileSync } from 'node:child_process'
import { createLogger, embeddedFactory, Environment, lxcFactory, qemuFactory } from '@see/core'
const [provider, resources, count] = process.argv.slice(1)
const factory = { embedded: embeddedFactory, qemu: qemuFactory, lxc: lxcFactory }[provider](resources)
const logger = createLogger('silent')
let left = Number(count)
const work = async () => {
  while (left-- > 0) await Environment.allocate(factory, [], { logger })
}
await Promise.all(Array.from({ length: 8 }, work))
execFileSync('pkill', ['-9', '-f', 'see-keeper'])
process.kill(process.pid, 'SIGKILL')
`
