import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { startOf } from '../host/process-table.ts'

/** What tells this process from every other one, on this host and on others. */
export interface ProcessFacts {
  readonly pid: number
  readonly start: number
  readonly boot: string
  readonly host: string
}

let facts: Promise<ProcessFacts> | undefined

export function thisProcess(): Promise<ProcessFacts> {
  return (facts ??= readFacts())
}

async function readFacts(): Promise<ProcessFacts> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim()
  return { pid: process.pid, start: (await startOf(process.pid)) ?? 0, boot, host: await thisHost() }
}

/**
 * Hosts may share a folder. Two with one name differ in the machine's identifier, of which only a digest is written, as
 * machine-id(5) asks for.
 */
async function thisHost(): Promise<string> {
  const machine = await readFile('/etc/machine-id', 'latin1').catch(() => '')
  if (machine.trim() === '') return hostname()
  return `${hostname()}/${createHash('sha256').update(`see ${machine.trim()}`).digest('hex').slice(0, 12)}`
}
