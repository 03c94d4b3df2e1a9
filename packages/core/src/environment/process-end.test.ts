import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROGRAM = `
import { Environment, Hook } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
const abort = new AbortController()
const never = () => new Promise(() => undefined)
class Stuck extends Hook {
  setup() {
    this.context.subscribe('go', never)
    if (process.argv[1] === 'handler') return
    setTimeout(() => abort.abort(new Error('enough')), 10)
    return never()
  }
}
const options = { signal: abort.signal, hurry: AbortSignal.abort() }
try {
  const environment = await Environment.allocate(simulatedFactory(), { hooks: [{ hook: Stuck }] }, options)
  void environment.context.trigger('go')
  await environment.deallocate()
} catch (error) {
  console.log(error.message)
}
`

test.each([
  ['set-up', /^enough; .*the set-up of hooks took too long for an end in a hurry/],
  ['handler', /the end of handlers took too long for an end in a hurry/],
])(
  'a %s that never ends does not keep the process alive once its environment is gone',
  async (what, message) => {
    const argv = ['--input-type=module', '--eval', PROGRAM, what]
    const { stdout } = await promisify(execFile)(process.execPath, argv, {
      cwd: import.meta.dirname,
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    expect(stdout).toMatch(message)
  },
  70_000,
)
