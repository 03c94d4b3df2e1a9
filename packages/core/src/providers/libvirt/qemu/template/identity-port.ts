import type { Socket } from 'node:net'
import type { Domain } from '@see/libvirt'
import { connectSocket } from '@see/qemu'
import { IDENTITY_PORT } from '../../../../templates/identity-port.ts'
import { channelIn, type DomainChannel } from '../../xml/domain-devices.ts'

/** The port by which the guest of a running domain gets its identity; undefined when its XML has none. */
export async function identityPort(domain: Domain): Promise<DomainChannel | undefined> {
  return channelIn(await domain.getXMLDesc(), IDENTITY_PORT)
}

/** The host's end of it. */
export async function openIdentityPort(domain: Domain, signal: AbortSignal): Promise<Socket | undefined> {
  const found = await identityPort(domain)
  if (found === undefined) return undefined
  const port = await connectSocket(found.path, signal)
  // A caller that waits for an answer notices its end.
  return port.on('error', () => undefined).unref()
}
