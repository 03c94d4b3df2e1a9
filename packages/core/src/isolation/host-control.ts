import { connect } from 'node:net'

const CONTROL_MS = 800

/** What this host gets when it connects there. */
export async function control(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<'open' | 'refused' | 'blocked'> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: CONTROL_MS })
    const end = (what: 'open' | 'refused' | 'blocked'): void => {
      resolve(what)
      socket.destroy()
    }
    socket.once('connect', () => end('open'))
    socket.once('timeout', () => end('blocked'))
    socket.once('error', (error) => {
      end('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'blocked')
    })
  })
}
