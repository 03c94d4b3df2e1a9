import type { Socket } from 'node:net'
import type { Domain } from '@see/libvirt'
import { connectSocket } from '@see/qemu'
import { IDENTITY_PORT } from '../../../../templates/identity-port.ts'
import { channelIn, type DomainChannel } from '../../xml/domain-devices.ts'

/** The port by which the guest of a running domain is told who it is; undefined when its XML has none. */
export async function identityPort(domain: Domain): Promise<DomainChannel | undefined> {
  return channelIn(await domain.getXMLDesc(), IDENTITY_PORT)
}

/** The host's end of it. */
export async function openIdentityPort(domain: Domain, signal: AbortSignal): Promise<Socket | undefined> {
  const found = await identityPort(domain)
  if (found === undefined) return undefined
  const port = await connectSocket(found.path, signal)
  // Whoever waits for an answer is told of its end.
  return port.on('error', () => undefined).unref()
}
