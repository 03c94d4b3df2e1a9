import { z } from 'zod'
import { SeeError } from '../common/errors.ts'
import type { Commands } from './channel.ts'

const osInfo = z.object({ id: z.string().max(200).optional() })
const handle = z.int()
const nothing = z.unknown()
const REFUSALS = new Set(['AGENT_COMMAND_FAILED', 'AGENT_COMMAND_DISABLED'])

/**
 * Whether a guest is a Windows. Agents before QEMU 2.10 (CentOS 6, old Windows) do not know `guest-get-osinfo`; their
 * files show it.
 * @throws SeeError as {@link Commands.run} when the agent does not answer at all
 */
export async function isWindowsGuest(commands: Commands): Promise<boolean> {
  const info = await unlessRefused(commands.run(osInfo, 'guest-get-osinfo'))
  if (info !== undefined) return info.id === 'mswindows'
  if (await hasFile(commands, '/bin/sh')) return false
  return await hasFile(commands, 'C:\\Windows\\System32\\cmd.exe')
}

async function hasFile(commands: Commands, path: string): Promise<boolean> {
  const file = await unlessRefused(commands.run(handle, 'guest-file-open', { path, mode: 'r' }))
  if (file === undefined) return false
  await commands.run(nothing, 'guest-file-close', { handle: file })
  return true
}

async function unlessRefused<Reply>(asked: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof SeeError && REFUSALS.has(error.code)) return undefined
    throw error
  }
}
