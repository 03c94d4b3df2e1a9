import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Keystone and Glance take ten seconds on a quiet host. */
const PATIENCE_MS = 150_000

export interface RealServer extends AsyncDisposable {
  readonly ports: readonly number[]
}

/**
 * Runs a script of this folder, which starts real servers in a folder of their own on the ports that it is given and
 * ends them when its standard input ends: so they end with us, however we end.
 * @param urls what must answer, with the ports, before they count as started
 */
export async function startRealServer(
  script: string,
  portCount: number,
  urls: (ports: readonly number[]) => readonly string[],
): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), 'see-server-'))
  const ports = await freePorts(portCount)
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn('sh', [path, folder, ...ports.map(String)], { stdio: ['pipe', 'ignore', 'inherit'] })
  const dispose = async (): Promise<void> => {
    await end(child)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await Promise.all(urls(ports).map((url) => answers(url, child)))
    return { ports, [Symbol.asyncDispose]: dispose }
  } catch (cause) {
    const logs = await logsIn(folder)
    await dispose()
    throw new Error(`${script} did not start its servers:\n${logs}`, { cause })
  }
}

/** Below those that the kernel assigns: a server that takes long to start would lose its port to another. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(10_000, 30_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`the script ended with status ${child.exitCode}`)
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response !== undefined && response.status < 500) return
    await sleep(100)
  }
  throw new Error(`no answer from ${url}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.stdin?.end()
  await exit
}

async function logsIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  const logs = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return logs.map((log) => log.slice(-2000)).join('\n')
}
