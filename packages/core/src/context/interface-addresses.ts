import { SeeError } from '../common/errors.ts'
import type { InterfaceAddresses, Resources } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import { mayHaveAddress } from './wait-for-address.ts'

/** For the provider, or the guest's agent, to list the guest's addresses. */
const ADDRESSES_MS = 30_000

interface AskedGuest {
  readonly state: () => Promise<DomainState>
  readonly agentMisbehaved: (error: SeeError) => void
}

/** What the provider knows of the guest's addresses now. */
export async function interfaceAddressesOf(
  { domain, addressSource: source }: Resources,
  { state, agentMisbehaved }: AskedGuest,
): Promise<readonly InterfaceAddresses[]> {
  try {
    return await domain.interfaceAddresses(source, { timeoutMs: ADDRESSES_MS })
  } catch (error) {
    if (error instanceof SeeError && error.code === 'AGENT_CHANNEL') agentMisbehaved(error)
    // While the guest boots there is no agent to ask.
    if (source === 'agent') return []
    // libvirt refuses to be asked about a domain that is not running, and it may have just stopped.
    if (!mayHaveAddress(await state())) return []
    throw error
  }
}
