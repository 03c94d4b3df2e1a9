import { connect } from 'node:net'
import type { OwnerRecord } from '../common/owner-record.ts'
import { isCoded } from '../common/is-coded.ts'
import { startOf } from '../host/process-table.ts'
import { thisProcess } from './this-process.ts'

/** `elsewhere` is on another host that shares the folder: whether it lives cannot be seen from here. */
export type OwnerState = 'alive' | 'dead' | 'elsewhere'

/** Whether the process that owns something lives. When in doubt it does. */
export async function ownerState(owner: OwnerRecord): Promise<OwnerState> {
  const { boot, host } = await thisProcess()
  if (owner.boot !== boot) return owner.host === host ? 'dead' : 'elsewhere'
  const answer = await knock(owner.socket)
  if (answer !== 'missing') return answer === 'refused' ? 'dead' : 'alive'
  // Something else has removed the socket.
  return (await startOf(owner.pid)) === owner.start ? 'alive' : 'dead'
}

/** Whether a process listens at a socket: `refused` when it has ended without removing it. */
export async function knock(path: string): Promise<'open' | 'refused' | 'missing'> {
  return await new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve('open')
    })
    socket.once('error', (error) => {
      if (isCoded(error, 'ECONNREFUSED')) resolve('refused')
      else resolve(isCoded(error, 'ENOENT') ? 'missing' : 'open')
    })
  })
}
