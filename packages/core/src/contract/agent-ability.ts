import type { Agent } from './agent.ts'

/** Sends one command to the guest agent and returns its reply, both JSON. */
export interface AgentChannel {
  agentCommand(command: string, options: { readonly timeoutSeconds: number }): Promise<string>
}

/** Runs programs and moves files in the guest; `context.agent` is made of it. */
export interface AgentAbility {
  /** The provider's own way of doing so; without it, a QEMU guest agent at `channel`. */
  readonly own?: Agent | undefined
  /** Undefined when this sandbox's configuration has no channel to a QEMU guest agent. */
  readonly channel?: AgentChannel | undefined
}
