import { isIP } from 'node:net'
import { z } from 'zod'
import { SeeError } from '../../errors.ts'

const port = z.int().min(1).max(65_535)

const allowance = z.strictObject({
  address: z
    .int()
    .min(16)
    .max(254)
    .default(100)
    .describe("The last byte of the address at which the guest finds it, in the guest's own subnet."),
  port: port.describe('The TCP port at which the guest finds it.'),
  to: z
    .string()
    .refine((to) => parseTarget(to) !== undefined, 'must be "host:port"')
    .describe('The host and TCP port, `host:port`, that it leads to.'),
})

const forwarding = z.strictObject({
  host_port: port.describe("The TCP port of this host, at 127.0.0.1, that leads to the guest's."),
  guest_port: port.describe('The TCP port of the guest.'),
})

export const networkSchema = z.strictObject({
  mode: z
    .enum(['restricted', 'sinkhole', 'user', 'none'])
    .default('restricted')
    .describe(
      '`restricted`: nothing but what is allowed; `sinkhole`: nothing, but every name is answered and every connection accepted inside of SEE, and NetworkTracerHook records what was asked; `user`: all that this host reaches, itself included; `none`: no interface.',
    ),
  allow: z
    .array(allowance)
    .max(16)
    .default([])
    .describe(
      'What the guest may reach through this process, one connection at a time: those at the same time would be mixed up, so give each an address or port of its own.',
    ),
  forward: z.array(forwarding).max(16).default([]).describe('Ports of the guest that this host may reach.'),
})

export type NetworkConfiguration = z.output<typeof networkSchema>

/** @throws SeeError `NETWORK_INVALID` when it contradicts itself */
export function assertConsistent({ mode, allow, forward }: NetworkConfiguration): void {
  if ((mode === 'none' || mode === 'sinkhole') && allow.length + forward.length > 0) {
    throw new SeeError(
      'NETWORK_INVALID',
      `the network has "allow" or "forward" and the mode "${mode}": remove one of them`,
    )
  }
  const places = allow.map(({ address, port: at }) => `${address}:${at}`)
  const twice = places.find((place, index) => places.indexOf(place) !== index)
  if (twice === undefined) return
  throw new SeeError('NETWORK_INVALID', `the network allows the address and port ${twice} twice`)
}

export interface Target {
  readonly host: string
  readonly port: number
}

/** Undefined when it is no `host:port`; an IPv6 address stands in brackets. */
export function parseTarget(to: string): Target | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d+)$/.exec(to) ?? []
  const number = Number(digits)
  const host = bracketed ?? plain
  if (host === undefined || !port.safeParse(number).success) return undefined
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined
  return { host, port: number }
}
