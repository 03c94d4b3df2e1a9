import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { embeddedGuest } from './embedded-guest.ts'
import { processes } from './leftovers.ts'

const see = fileURLToPath(new URL('../../packages/cli/dist/see.js', import.meta.url))

/** A `see run` of an embedded guest that goes on for long, whose run folder is made in `instances`. */
export class SeeRun {
  readonly folder: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.folder = folder
  }

  /** @param prefix what the command line is put behind */
  static async start(instances: string, prefix: readonly string[] = []): Promise<SeeRun> {
    const resources = `${instances}.json`
    const guest = embeddedGuest({ disk: { clone: { storage_pool_path: instances } } })
    writeFileSync(resources, JSON.stringify({ hypervisor: 'embedded:///', ...guest }))
    const before = foldersIn(instances)
    const argv = [process.execPath, see, 'run', resources, '/bin/true', '--runtime', '600']
    const [command, ...words] = [...prefix, ...argv, '--results', `${instances}-results`]
    const child = spawn(command, words, { stdio: 'ignore' })
    onTestFinished(() => end(child), 30_000)
    const made = () => foldersIn(instances).filter((name) => !before.includes(name))
    await expect.poll(() => isRunning(join(instances, made()[0] ?? 'none')), { timeout: 30_000 }).toBe(true)
    return new SeeRun(child, join(instances, made()[0] ?? ''))
  }

  /** Outright; its guest is gone when this resolves. */
  async kill(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
    await expect.poll(() => isRunning(this.folder), { timeout: 10_000 }).toBe(false)
  }
}

/** Such that it clears up, where it still can. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await exit
  clearTimeout(late)
}

function foldersIn(instances: string): string[] {
  try {
    return readdirSync(instances).filter((name) => /^[0-9a-f-]{36}$/.test(name))
  } catch {
    return []
  }
}

const isRunning = (folder: string): boolean =>
  processes(({ commandLine }) => commandLine.includes('qemu-system') && commandLine.includes(folder)).length >
  0
