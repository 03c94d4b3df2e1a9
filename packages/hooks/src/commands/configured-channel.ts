import { requireAbility, type SeeContext, SeeError } from '@see/core'
import type { AgentAddress } from './agent-address.ts'
import type { CommandChannel } from './command-channel.ts'
import type { CommandsSettings } from './commands-settings.ts'
import { GuestAgentChannel } from './guest-agent-channel.ts'
import { HttpAgentChannel } from './http-agent-channel.ts'

/** @throws SeeError `ABILITY_MISSING` when the provider knows no agent, `CONFIGURATION_INVALID` when this sandbox has none */
export function assertAgent(context: SeeContext): void {
  const advice = 'name an HTTP agent’s port in "agent-port"'
  const { own, channel } = requireAbility(context, 'agent', { for: 'CommandsHook', advice })
  if (own !== undefined || channel !== undefined) return
  throw new SeeError(
    'CONFIGURATION_INVALID',
    'this sandbox has no agent that runs commands: give the domain’s XML a channel of QEMU’s guest agent (org.qemu.guest_agent.0), name an HTTP agent’s port in "agent-port", or leave CommandsHook out',
  )
}

/** The guest agent, or the reference's HTTP agent where its port is configured. */
export function configuredChannel(
  context: SeeContext,
  settings: CommandsSettings,
  address: AgentAddress,
): CommandChannel {
  const { timeout, agent_timeout: readyTimeout, output_limit: maxOutputBytes, ...agent } = settings
  const bounds = { timeoutMs: timeout * 1000, readyTimeoutMs: readyTimeout * 1000, maxOutputBytes }
  const port = agent['agent-port']
  if (port === undefined) return new GuestAgentChannel(context, bounds)
  context.otherAgent = 'its commands are run by an HTTP agent, which the probe does not use'
  return new HttpAgentChannel(context, { address, port, system: agent['agent-system'] }, bounds)
}
