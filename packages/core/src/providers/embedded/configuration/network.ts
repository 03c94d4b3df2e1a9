import { isIP } from 'node:net'
import { z } from 'zod'
import { SeeError } from '../../../common/errors.ts'

/** The last byte of the address of what has none of its own. */
const DEFAULT_ADDRESS = 100
const port = z.int().min(1).max(65_535)

const allowance = z
  .strictObject({
    address: z
      .int()
      .min(16)
      .max(254)
      .optional()
      .describe(
        "The last byte of the address at which the guest finds it, in the guest's own subnet: 100 when not given, one of its own for a name.",
      ),
    name: z
      .string()
      .max(253)
      .regex(
        /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i,
        'must be a domain name',
      )
      .optional()
      .describe(
        'The domain name by which the guest finds it; no other name is answered when it is restricted.',
      ),
    port: port.describe('The TCP port at which the guest finds it.'),
    to: z
      .string()
      .refine((to) => parseTarget(to) !== undefined, 'must be "host:port"')
      .optional()
      .describe(
        'The host and TCP port, `host:port`, that it leads to; the same name and port when not given. This host looks the name up at each connection.',
      ),
  })
  .refine(({ name, to }) => name !== undefined || to !== undefined, 'needs "to" or "name"')

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
    .describe('What the guest may reach, by connections that this process makes for it.'),
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
  const hostPorts = forward.map((each) => each.host_port)
  const portTwice = hostPorts.find((each, index) => hostPorts.indexOf(each) !== index)
  if (portTwice !== undefined) {
    throw new SeeError('NETWORK_INVALID', `the network forwards the host's port ${portTwice} twice`)
  }
  const places = placesOf(allow)
  const twice = places.find(
    (place, index) => places.findIndex((other) => isSamePlace(place, other)) !== index,
  )
  if (twice !== undefined) {
    throw new SeeError(
      'NETWORK_INVALID',
      `the network allows the address and port ${twice.last}:${twice.port} twice`,
    )
  }
  const named = allow.filter(({ name, address }) => name !== undefined && address !== undefined)
  const torn = named.find(({ name = '', address }) => addressGiven(named, name) !== address)
  if (torn === undefined) return
  throw new SeeError('NETWORK_INVALID', `the network allows the name ${torn.name} at two addresses`)
}

/** Where a guest finds something, and where that leads. */
export interface Place {
  /** The last byte of its address. */
  readonly last: number
  readonly port: number
  readonly name: string | undefined
  readonly target: Target
}

/** The places of all that is allowed. */
export function placesOf(allow: NetworkConfiguration['allow']): readonly Place[] {
  const taken = new Set([DEFAULT_ADDRESS, ...allow.map(({ address }) => address)])
  const ofNames = new Map<string, number>()
  const addressOf = (name: string): number => {
    const known = ofNames.get(name) ?? addressGiven(allow, name)
    if (known !== undefined) return known
    let last = DEFAULT_ADDRESS
    while (taken.has(last)) last++
    taken.add(last)
    ofNames.set(name, last)
    return last
  }
  return allow.map(({ address, name, port: at, to = `${name ?? ''}:${at}` }) => {
    const target = parseTarget(to)
    if (target === undefined) throw new Error(`${to} is no target`)
    const last = name === undefined ? (address ?? DEFAULT_ADDRESS) : addressOf(name.toLowerCase())
    return { last, port: at, name: name?.toLowerCase(), target }
  })
}

function addressGiven(allow: NetworkConfiguration['allow'], wanted: string): number | undefined {
  return allow.find(
    ({ name, address }) => address !== undefined && name?.toLowerCase() === wanted.toLowerCase(),
  )?.address
}

function isSamePlace(one: Place, other: Place): boolean {
  return one.last === other.last && one.port === other.port
}

export interface Target {
  readonly host: string
  readonly port: number
}

/** Undefined when it is no `host:port`; an IPv6 address stands in brackets. */
function parseTarget(to: string): Target | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d+)$/.exec(to) ?? []
  const number = Number(digits)
  const host = bracketed ?? plain
  if (host === undefined || !port.safeParse(number).success) return undefined
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined
  return { host, port: number }
}
