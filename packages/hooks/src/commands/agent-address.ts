import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type SeeContext, SeeError, z } from '@see/core'

const heardAddress = z.object({
  address: z.string().refine((text) => isIP(text) !== 0, 'expected an IP address'),
})

/** Where the guest's HTTP agent is: at the address heard last, else the configured one, else the guest's own. */
export class AgentAddress {
  readonly #configured: string | undefined
  #heard: string | undefined

  constructor(configured: string | undefined) {
    this.#configured = configured
  }

  /** @throws SeeError `CONFIGURATION_INVALID` */
  hear(event: object): void {
    const parsed = heardAddress.safeParse(event)
    const problem = parsed.success ? undefined : parsed.error.issues[0]?.message
    if (!parsed.success)
      throw new SeeError('CONFIGURATION_INVALID', `event ip_address: "address": ${problem}`)
    this.#heard = parsed.data.address
  }

  /** The guest may get another one at its next power-on. */
  forget(): void {
    this.#heard = undefined
  }

  /** @throws SeeError `AGENT_CHANNEL` when the guest is said to be where this host is */
  async current(context: Pick<SeeContext, 'ip4Address'>): Promise<string | undefined> {
    const told = this.#heard ?? (this.#configured === undefined ? await context.ip4Address() : undefined)
    if (told !== undefined && isOwn(told)) {
      throw new SeeError(
        'AGENT_CHANNEL',
        `the guest's address is said to be ${told}, which is this host's: nothing is sent there`,
      )
    }
    return told ?? this.#configured
  }
}

/** An address can come from the guest itself, which may want us to talk to another machine. */
function isOwn(address: string): boolean {
  const own = new BlockList()
  own.addSubnet('127.0.0.0', 8)
  own.addAddress('0.0.0.0')
  own.addAddress('::', 'ipv6')
  own.addAddress('::1', 'ipv6')
  for (const { address: each, family } of Object.values(networkInterfaces()).flatMap((list) => list ?? [])) {
    own.addAddress(each, family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
