import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** IFF_UP: netdevice(7). */
const UP = 1
const DEVICES = '/sys/class/net'
/** A container's init runs some 50 ms after its devices exist. */
const INTERVAL_MS = 4

/**
 * Calls back when one of a container's devices is made, also again after a reboot, which libvirt does on its own. A
 * container cannot be started paused, so its devices have to be found in time. Resolves when those that are there
 * already have been handled; returns what ends it.
 */
export async function watchDevices(
  names: readonly string[],
  made: (name: string) => Promise<void>,
): Promise<() => void> {
  const known = new Map<string, string>()
  const look = (): Promise<void>[] => {
    return names.flatMap((name) => {
      const index = indexOf(name)
      if (index === undefined) known.delete(name)
      if (index === undefined || known.get(name) === index) return []
      known.set(name, index)
      return [made(name)]
    })
  }
  await Promise.all(look())
  const timer = setInterval(look, INTERVAL_MS).unref()
  return () => clearInterval(timer)
}

/**
 * Another device under the same name has another index. One that is not up yet cannot be captured on, and nothing the
 * container sends passes it.
 */
function indexOf(name: string): string | undefined {
  try {
    const read = (file: string) => readFileSync(join(DEVICES, name, file), 'latin1')
    return (Number(read('flags')) & UP) === 0 ? undefined : read('ifindex')
  } catch {
    return undefined
  }
}
