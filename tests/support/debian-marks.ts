import { type ContextFactory, Environment, type SeeContext } from '@see/core'
import { expect, onTestFinished } from 'vitest'
import { leftOf } from './leftovers.ts'

const WAIT_MS = 300_000

/** What no two machines have in common. */
const marks = [
  'hostname',
  'cat /etc/hostname',
  'cat /etc/hosts | tr "\\n" " "',
  'cat /etc/machine-id',
  'cat /proc/sys/kernel/random/boot_id',
  'cat /sys/class/net/enp1s0/address',
  'grep -m 1 "^fe80.* enp1s0$" /proc/net/if_inet6',
  'ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key',
  'cut -d " " -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub',
  'mktemp -u',
]

async function marksOf(guest: SeeContext): Promise<string[]> {
  await guest.agent.waitUntilReady({ timeoutMs: WAIT_MS })
  const { stdout } = await guest.agent.exec(['sh', '-c', marks.map((mark) => `${mark}; echo`).join('; ')], {
    timeoutMs: WAIT_MS,
  })
  const found = stdout.toString().trim().split(/\n+/)
  return [...found, await guest.waitForIp4Address({ timeoutMs: WAIT_MS })]
}

/**
 * Clones of a template, two of them at a time: all of them differ in everything, and nothing of them stays.
 * @param look what is checked in the first one besides
 */
export async function expectMachines(
  factory: () => ContextFactory,
  count: number,
  look: (guest: SeeContext) => Promise<void> = async () => undefined,
): Promise<void> {
  const found: string[][] = []
  while (found.length < count) {
    const environments = await Promise.all([Environment.allocate(factory()), Environment.allocate(factory())])
    for (const environment of environments) onTestFinished(() => environment.deallocate(), WAIT_MS)
    const guests = environments.map(({ context }) => context)
    await Promise.all(guests.map((guest) => guest.poweron()))
    for (const guest of guests) {
      const own = await marksOf(guest)
      expect([own[0], own[5]]).toEqual([`see-${guest.identifier.slice(0, 8)}`, guest.macAddress()])
      // The private key is the one of the public key.
      expect(own[7]).toContain(own[8])
      if (found.push(own) === 1) await look(guest)
    }
    await Promise.all(environments.map((environment) => environment.deallocate()))
    for (const { identifier } of environments) expect(await leftOf(identifier)).toEqual([])
  }
  for (const [index, mark] of [...marks, 'address'].entries()) {
    const values = found.map((each) => each[index])
    expect([mark, values.includes(undefined), new Set(values).size]).toEqual([mark, false, found.length])
  }
}
