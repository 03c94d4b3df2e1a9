import { connect } from 'node:net'
import type { TcpConnection } from '../../sinkhole/tcp-connection.ts'
import type { Target } from '../configuration/network.ts'

const CONNECT_MS = 15_000

/**
 * Carries a connection of the guest's to where it may lead, and back. The guest's is accepted once the other is, and
 * refused when that fails; each end, and each failure, is passed on, and so is that one side is slow.
 */
export function relay(connection: TcpConnection, { host, port }: Target): void {
  const outside = connect({ host, port, allowHalfOpen: true, noDelay: true })
  const timer = setTimeout(() => outside.destroy(), CONNECT_MS).unref()
  outside.once('connect', () => {
    clearTimeout(timer)
    connection.accept()
    connection.pipe(outside)
    outside.pipe(connection)
  })
  let hasFailed = false
  outside.on('error', () => {
    hasFailed = true
  })
  outside.on('close', () => {
    clearTimeout(timer)
    if (hasFailed || !outside.readableEnded) connection.destroy()
  })
  connection.on('close', () => {
    if (connection.isDone) return
    if (outside.connecting) outside.destroy()
    else outside.resetAndDestroy()
  })
}
