import { SeeError } from '../common/errors.ts'
import { unlessSilent } from '../guest-agent/unless-silent.ts'
import type { SandboxDomain } from '../contract/resources.ts'
import { poll, type PollOptions } from '../common/poll.ts'

/**
 * Waits until a guest has an IPv4 address. The guest itself is asked, since not every network reports addresses.
 * @throws SeeError `ADDRESS_TIMEOUT`
 */
export async function untilAddressed(
  domain: Pick<SandboxDomain, 'interfaceAddresses'>,
  { timeoutMs, signal }: Pick<PollOptions, 'timeoutMs' | 'signal'>,
): Promise<void> {
  const ask = async () => {
    const interfaces = await unlessSilent(domain.interfaceAddresses('agent'))
    return interfaces?.some(({ addrs }) =>
      addrs.some(({ type, addr }) => type === 'ipv4' && !addr.startsWith('127.')),
    )
      ? true
      : undefined
  }
  const late = () => {
    const why = `the guest got no IPv4 address within ${Math.round(timeoutMs / 1000)} s`
    return new SeeError('ADDRESS_TIMEOUT', `${why}; does it ask for one by DHCP?`)
  }
  await poll(ask, late, { timeoutMs, intervalMs: 200, signal })
}
