import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import type { CommandRecord } from '../commands/command-record.ts'
import { assertDescribed } from './assert-described.ts'
import { AGENT_HOST } from './hostile-agent.ts'

/** A running guest whose HTTP agent is on the loopback, and CommandsHook to command it. */
export async function startWithHttpAgent(
  folder: string,
  port: number,
  configuration: Record<string, unknown> = {},
) {
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [
      {
        name: '@see/hooks#CommandsHook',
        configuration: {
          results_folder: folder,
          'agent-host': AGENT_HOST,
          'agent-port': port,
          agent_timeout: 2,
          ...configuration,
        },
      },
    ],
  })
  const { context, identifier } = environment
  const finished: unknown[] = []
  context.subscribe('command_finished', (event) => void finished.push(event))
  await context.poweron()
  const read = async (file: string) => await readFile(join(folder, `${identifier}_command_${file}`), 'utf8')
  const record = async (number = 1): Promise<CommandRecord> => {
    const text = await read(`${number}.json`)
    assertDescribed('command_record', text)
    return JSON.parse(text)
  }
  return { environment, context, identifier, finished, read, record }
}
