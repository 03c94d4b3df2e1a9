import type { SeeContext } from '@see/core'
import { expect } from 'vitest'

type Guest = SeeContext

/** What a command of the guest's shell prints. */
export async function line(guest: Guest, command: string): Promise<string> {
  const { stdout } = await guest.agent.exec(['sh', '-c', command])
  return stdout.toString().trim()
}

/** Random numbers, immediately: from the kernel's device, and by getrandom, of which mktemp makes its name. */
async function randomOf(guest: Guest): Promise<readonly string[]> {
  const request = { execute: 'guest-file-open', arguments: { path: '/dev/urandom' } }
  const ask = async (command: object) => {
    const channel = guest.resources.abilities.agent?.channel
    return JSON.parse((await channel?.agentCommand(JSON.stringify(command), { timeoutSeconds: 10 })) ?? '')
      .return
  }
  const handle = await ask(request)
  const { 'buf-b64': urandom } = await ask({ execute: 'guest-file-read', arguments: { handle, count: 32 } })
  return [urandom, await line(guest, 'mktemp -u')]
}

const marks = {
  hostname: 'hostname',
  hosts: 'cat /etc/hosts',
  'host name of the next boot': 'cat /etc/hostname',
  'machine-id': 'cat /etc/machine-id',
  boot_id: 'cat /proc/sys/kernel/random/boot_id',
  mac: 'cat /sys/class/net/eth0/address',
} as const

export async function marksOf(guest: Guest): Promise<Record<string, string>> {
  const found = []
  for (const [name, command] of Object.entries(marks)) found.push([name, await line(guest, command)] as const)
  return Object.fromEntries(found)
}

export async function clockErrorMs(guest: Guest): Promise<number> {
  const channel = guest.resources.abilities.agent?.channel
  const answer = await channel?.agentCommand('{"execute":"guest-get-time"}', { timeoutSeconds: 10 })
  return Math.abs(JSON.parse(answer ?? '').return / 1e6 - Date.now())
}

/**
 * Sees that two running guests share no mark, no random number and no address, and know the time.
 * @returns the marks of the first
 */
export async function expectTwoMachines(one: Guest, two: Guest): Promise<Record<string, string>> {
  const random = [...(await randomOf(one)), ...(await randomOf(two))]
  expect(new Set(random).size).toBe(4)
  expect(await clockErrorMs(one)).toBeLessThan(1000)
  expect(await clockErrorMs(two)).toBeLessThan(1000)
  const [ofOne, ofTwo] = [await marksOf(one), await marksOf(two)]
  for (const name of Object.keys(ofOne)) expect([name, ofOne[name]]).not.toEqual([name, ofTwo[name]])
  const timeoutMs = 20_000
  const addresses = [await one.waitForIp4Address({ timeoutMs }), await two.waitForIp4Address({ timeoutMs })]
  expect(new Set(addresses).size).toBe(2)
  return ofOne
}
