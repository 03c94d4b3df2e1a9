import { readFile } from 'node:fs/promises'
import { quoteGuestText } from '../../../../common/quote-guest-text.ts'
import { requireTool } from '../../../../host/required-tool.ts'
import { runBounded } from '../../../../host/bounded-process.ts'

/** The number of CAP_NET_ADMIN: capabilities(7). */
const NET_ADMIN = 12n
/** It starts again for as long as others change rules: 21 s have been seen. */
const TIMEOUT_MS = 25_000
const OUTPUT_BYTES = 10_000

/**
 * Finds the program nft, where this process may use it.
 * @returns undefined when it may not: it is neither root nor hands CAP_NET_ADMIN on to its programs
 * @throws SeeError `TOOL_MISSING`
 */
export async function findNft(): Promise<string | undefined> {
  return (await mayChangeRules()) ? await requireTool('nft', 'nftables') : undefined
}

/** Makes what a text in nft's language says, all of it or nothing. */
export async function applyRules(nft: string, rules: string): Promise<void> {
  const bounds = { timeoutMs: TIMEOUT_MS, maxOutputBytes: OUTPUT_BYTES, signal: undefined }
  const timedOut = () => new Error(`nft took longer than ${TIMEOUT_MS} ms`)
  const run = await runBounded([nft, '-f', '-'], { ...bounds, stdin: rules, env: {} }, timedOut)
  if (run.exitCode !== 0) throw new Error(`nft says ${quoteGuestText(run.stderr.toString().trim())}`)
}

/** Whether a device is in the network namespace of this process, where its rules hold. */
export async function seesDevice(name: string): Promise<boolean> {
  const devices = await readFile('/proc/self/net/dev', 'latin1')
  return devices.split('\n').some((line) => line.trim().startsWith(`${name}:`))
}

async function mayChangeRules(): Promise<boolean> {
  // What root starts has all that root has; another user's programs have what is handed on to them.
  const field = process.geteuid?.() === 0 ? 'CapEff' : 'CapAmb'
  const status = await readFile('/proc/self/status', 'latin1').catch(() => '')
  const bits = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${bits}`) >> NET_ADMIN) & 1n) === 1n
}
