import { type AgentSocket, isQemuError, type QemuError } from '@see/qemu'
import { SeeError } from '../../../common/errors.ts'
import type { AgentChannel } from '../../../contract/agent-ability.ts'

/** The guest agent at QEMU's own socket. */
export function embeddedAgentChannel(
  agent: AgentSocket,
  {
    assertRunning,
    ended,
  }: { readonly assertRunning: () => Promise<void>; readonly ended: () => Promise<void> },
): AgentChannel {
  return {
    async agentCommand(command, { timeoutSeconds }) {
      await assertRunning()
      try {
        return await agent.command(command, { timeoutMs: timeoutSeconds * 1000 })
      } catch (error) {
        // A channel that closes is mostly the first that is seen of QEMU's end.
        if (isQemuError(error, 'AGENT_CLOSED')) {
          await ended()
          await assertRunning()
        }
        throw isQemuError(error) ? seeError(error) : error
      }
    },
  }
}

function seeError(error: QemuError): SeeError {
  const { code, message } = error
  const silent = code === 'AGENT_TIMEOUT' || code === 'AGENT_CLOSED'
  return new SeeError(silent ? 'AGENT_UNRESPONSIVE' : 'AGENT_CHANNEL', message, { cause: error })
}
