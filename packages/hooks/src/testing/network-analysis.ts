import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { assertDescribed } from './assert-described.ts'
import type { NetworkSummary } from '../network/network-summary.ts'
import { pcapOf } from './pcap.ts'

/** An environment with NetworkAnalysisHook, and what makes it a trace and reads what it wrote. */
export async function allocateAnalysis(folder: string, configuration: Record<string, unknown> = {}) {
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [
      { name: '@see/hooks#NetworkAnalysisHook', configuration: { results_folder: folder, ...configuration } },
    ],
  })
  const { context, identifier } = environment
  const read = async (file: string) => await readFile(join(folder, `${identifier}_network${file}`), 'utf8')
  const summary = async (): Promise<NetworkSummary> => {
    const text = await read('.json')
    assertDescribed('network_summary', text)
    return JSON.parse(text)
  }
  /** Writes a trace and announces it, as NetworkTracerHook does. */
  const trace = async (packets: readonly Buffer[], name = 'trace.pcap') => {
    const path = join(folder, name)
    const capture = pcapOf(packets)
    await writeFile(path, capture)
    await context.trigger('network_tracing_started', { path })
    await context.trigger('network_tracing_stopped', {
      path,
      packets: packets.length,
      bytes: capture.length,
      warnings: [],
    })
    return path
  }
  const analyse = async () => {
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
  }
  return { environment, context, identifier, trace, analyse, read, summary }
}
