import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const START_PATIENCE_MS = 20_000
const STOP_PATIENCE_MS = 5000
/** `nobody`: libvirtd is only a user's own daemon when it does not run as root. */
const NOBODY = 65_534

export interface PrivateLibvirtd extends AsyncDisposable {
  /** `test+unix:///default?socket=…`: libvirt's mock hypervisor, with its domain, network and pool. */
  readonly uri: string
  /** The same daemon's other drivers: `uriOf('qemu', '/session')`. */
  uriOf(driver: string, path: string): string
  readonly socketPath: string
  readonly pid: number
  /** A folder the daemon may write to; removed in the end. */
  readonly folder: string
}

/** Where Debian's packages put the drivers that the daemon loads. */
const DRIVERS = join(
  '/usr/lib',
  `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
  'libvirt/connection-driver',
)

export interface PrivateLibvirtdOptions {
  /** The drivers that it is to load, beside the mock one that it always has; all that are installed when not given. */
  readonly drivers?: readonly string[]
}

/**
 * Starts a libvirtd that shares nothing with the machine's: own sockets, state and configuration in a folder of its own,
 * as an unprivileged user. Disposing ends it and removes the folder.
 */
export async function startPrivateLibvirtd({
  drivers,
}: PrivateLibvirtdOptions = {}): Promise<PrivateLibvirtd> {
  const folder = await mkdtemp(join(tmpdir(), 'see-libvirtd-'))
  const isRoot = process.geteuid?.() === 0
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  await chmod(folder, 0o755)
  const home = join(folder, 'home')
  await mkdir(home)
  if (isRoot) await chown(home, NOBODY, NOBODY)
  const driverFolder = drivers === undefined ? undefined : await linkDrivers(folder, drivers)
  const child = spawn('libvirtd', ['--timeout', '20'], {
    cwd: folder,
    env: {
      PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
      HOME: home,
      XDG_RUNTIME_DIR: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_DATA_HOME: join(folder, 'data'),
      ...(driverFolder !== undefined && { LIBVIRT_DRIVER_DIR: driverFolder }),
      // The log goes to a file: nothing here reads a pipe.
      LIBVIRT_LOG_OUTPUTS: `3:file:${join(folder, 'log')}`,
    },
    stdio: 'ignore',
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  })
  const socketPath = join(folder, 'libvirt', 'libvirt-sock')
  const uriOf = (driver: string, path: string): string => `${driver}+unix://${path}?socket=${socketPath}`
  const dispose = async (): Promise<void> => {
    await stop(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await appearance(socketPath, child)
  } catch (cause) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
    await dispose()
    throw new Error(`the private libvirtd did not start: ${log}`, { cause })
  }
  return {
    uri: uriOf('test', '/default'),
    uriOf,
    socketPath,
    pid: child.pid ?? -1,
    folder,
    [Symbol.asyncDispose]: dispose,
  }
}

async function linkDrivers(folder: string, drivers: readonly string[]): Promise<string> {
  const driverFolder = join(folder, 'drivers')
  await mkdir(driverFolder)
  for (const driver of drivers) {
    const file = `libvirt_driver_${driver}.so`
    if (!existsSync(join(DRIVERS, file)))
      throw new Error(`the driver ${driver} is not installed: there is no ${file}`)
    await symlink(join(DRIVERS, file), join(driverFolder, file))
  }
  return driverFolder
}

async function appearance(path: string, child: ChildProcess): Promise<void> {
  let failure: unknown
  child.once('error', (error) => (failure = error))
  for (let waitedMs = 0; !(await listens(path)); waitedMs += 10) {
    if (failure !== undefined) throw failure
    if (child.exitCode !== null) throw new Error(`libvirtd ended with status ${child.exitCode}`)
    if (waitedMs > START_PATIENCE_MS)
      throw new Error(`nothing listens at ${path} after ${START_PATIENCE_MS} ms`)
    await delay(10)
  }
}

/** The file exists a moment before the daemon listens at it. */
async function listens(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS)
  await exit
  clearTimeout(timer)
}
