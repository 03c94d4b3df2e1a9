import { type Domain, isLibvirtError } from '@see/libvirt'
import { SeeError } from '../errors.ts'
import type { AgentChannel } from '../resources.ts'

/** No answer now; there may be one later, when the guest has booted or is resumed. */
const SILENT = new Set(['VIR_ERR_AGENT_UNRESPONSIVE', 'VIR_ERR_AGENT_UNSYNCED', 'VIR_ERR_OPERATION_INVALID'])

/** The guest agent behind libvirt's virDomainQemuAgentCommand. */
export function libvirtAgentChannel(domain: Domain): AgentChannel {
  return {
    async agentCommand(command, { timeoutSeconds }) {
      try {
        return await domain.agentCommand(command, { timeoutSeconds })
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        const code = SILENT.has(error.code) ? 'AGENT_UNRESPONSIVE' : 'AGENT_COMMAND_FAILED'
        throw new SeeError(code, error.message, { cause: error })
      }
    },
  }
}
