import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Hides every program of this host, for this process and its children. */
export async function withoutPrograms(): Promise<AsyncDisposable> {
  const before = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  return {
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = before
    },
  }
}

/** Hides one program of this host, for this process and its children. */
export async function programsBut(name: string): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'see-test-'))
  const programs = (await readdir('/usr/bin')).filter((each) => each !== name)
  await Promise.all(programs.map((each) => symlink(`/usr/bin/${each}`, join(folder, each))))
  const before = process.env['PATH']
  process.env['PATH'] = folder
  return {
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = before
      await rm(folder, { recursive: true })
    },
  }
}

/** Puts a program, a script of the shell, before all others of its name, for this process and its children. */
export async function fakeProgram(name: string, script: string): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'see-test-'))
  await chmod(folder, 0o755)
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const before = process.env['PATH']
  process.env['PATH'] = `${folder}:${before}`
  return {
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = before
      await rm(folder, { recursive: true })
    },
  }
}
