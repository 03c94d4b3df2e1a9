import { SeeError } from '@see/core'
import { type DiskTools, saidBy } from './disk-tools.ts'

interface RegistryValue {
  readonly type: string
  /** As reglookup quotes it. */
  readonly data: string
}

/** The keys and values of a hive by their paths, as reglookup quotes them. */
export interface RegistryHive {
  /** Of each key when it was last written to. */
  readonly keys: ReadonlyMap<string, string>
  readonly values: ReadonlyMap<string, RegistryValue>
}

export const emptyHive: RegistryHive = { keys: new Map(), values: new Map() }

/** It warns of text that it cannot print, and prints the bytes. */
const HARMLESS = /^WARN: While quoting (?:value|key|valuename)/i
const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/

/** What could be read of a hive. */
interface ReadHive {
  readonly hive: RegistryHive
  /** What reglookup complained of: more may have been there. */
  readonly complaint: string | undefined
}

/**
 * Reads a hive's file by reglookup, which reads what it can of a broken one.
 * @throws SeeError `TOOL_FAILED` when that is nothing
 */
export async function readHive(tools: DiskTools, path: string): Promise<ReadHive> {
  const result = await tools.run(['reglookup', '-H', path], [path])
  if (result.exitCode !== 0) {
    throw new SeeError('TOOL_FAILED', `reglookup ended with exit code ${result.exitCode}: ${saidBy(result)}`)
  }
  const hive = parseHive(result.stdout.toString('latin1'))
  if (hive.keys.size === 0) throw new SeeError('TOOL_FAILED', `reglookup found no key: ${saidBy(result)}`)
  const complaint = result.stderr
    .toString('latin1')
    .split('\n')
    .find((line) => line !== '' && !HARMLESS.test(line))
  return { hive, complaint }
}

/** Commas, quotes and what cannot be printed are quoted in all four fields, and slashes in names. */
export function parseHive(output: string): RegistryHive {
  const keys = new Map<string, string>()
  const values = new Map<string, RegistryValue>()
  for (const line of output.split('\n')) {
    if (line === '') continue
    const [path, type, data, time, ...more] = line.split(',')
    if (
      path === undefined ||
      type === undefined ||
      data === undefined ||
      time === undefined ||
      more.length > 0
    ) {
      throw new SeeError('TOOL_FAILED', `not a line of reglookup: ${JSON.stringify(line.slice(0, 200))}`)
    }
    if (type === 'KEY') keys.set(path, time.replace(TIME, '$1T$2Z'))
    else values.set(path, { type, data })
  }
  return { keys, values }
}

/** What a quoted name or value stands for; Windows' own text where it is none of reglookup's. */
export function unquoted(quoted: string): string {
  const bytes = Buffer.from(
    quoted.replaceAll(/%([0-9A-Fa-f]{2})/g, (_match, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  )
  return (textIn(bytes) ?? bytes.toString('latin1')).replace(/\0$/, '')
}

function textIn(bytes: Buffer): string | undefined {
  try {
    const isWide = bytes.length % 2 === 0 && bytes.includes(0)
    return new TextDecoder(isWide ? 'utf-16le' : 'utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
