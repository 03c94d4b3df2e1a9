import { spawn } from 'node:child_process'
import { childEnvironment, type ProgramOptions, type ProgramResult, timeoutSignal } from '@see/core'

const LIMIT_CHARACTERS = 256 * 1024

/** Debian keeps these from ordinary users' PATH. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin'

/** Runs a program, without a shell, until it ends, is killed or has said what was waited for. Nothing of it is left. */
export function runProgram(
  program: string,
  argv: readonly string[],
  { timeoutMs, signal, until }: ProgramOptions,
): Promise<ProgramResult> {
  const env = { ...childEnvironment(), PATH: `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}`, LC_ALL: 'C' }
  const bound = AbortSignal.any([signal, timeoutSignal(timeoutMs)])
  return new Promise((resolve) => {
    const child = spawn(program, argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      signal: bound,
      killSignal: 'SIGKILL',
    })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = `${output[name]}${text}`.slice(-LIMIT_CHARACTERS)
        if (name === 'stdout' && until?.test(output.stdout) === true) child.kill('SIGKILL')
      })
    }
    child.on('error', (error) => {
      output.stderr ||= bound.aborted ? `killed after ${timeoutMs} ms` : error.message
      if (child.pid === undefined) resolve({ exitCode: null, ...output })
    })
    child.on('close', (exitCode) => resolve({ exitCode, ...output }))
  })
}
