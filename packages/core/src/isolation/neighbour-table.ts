import { readFile } from 'node:fs/promises'

/** The flag of a complete entry: `ATF_COM` of the kernel. */
const COMPLETE = 0x2

/** The addresses that this host has seen on its own networks lately, by its ARP table: no packet is sent for that. */
export async function neighboursSeen(): Promise<ReadonlySet<string>> {
  const table = await readFile('/proc/net/arp', 'utf8').catch(() => '')
  const entries = table
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
  return new Set(
    entries.flatMap(([address = '', , flags]) => ((Number(flags) & COMPLETE) === 0 ? [] : [address])),
  )
}
