import { setTimeout as sleep } from 'node:timers/promises'
import { type Domain, isLibvirtError, type LibvirtError } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { AgentChannel } from '../../../contract/agent-ability.ts'
import { isNoDomain } from './no-domain.ts'

/** libvirt's words when the channel closes under a command, which is mostly the first that is seen of a guest's end. */
const DISAPPEARED = 'disappeared'
/** Between that and the end of the guest. */
const END_MS = 1000
const POLL_MS = 50

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
        throw (await hasStopped(domain, error)) ?? seeError(error)
      }
    },
  }
}

/**
 * libvirt says "not running" of a paused guest as well, which will answer when it is resumed; one that is off it mostly does
 * not know.
 */
async function hasStopped(domain: Domain, error: LibvirtError): Promise<SeeError | undefined> {
  // An error of the system is one of the channel's socket, whose other end goes with QEMU.
  const isGone =
    error.code === 'VIR_ERR_SYSTEM_ERROR' ||
    (error.code === 'VIR_ERR_AGENT_UNRESPONSIVE' && error.message.includes(DISAPPEARED))
  if (error.code !== 'VIR_ERR_OPERATION_INVALID' && !isNoDomain(error) && !isGone) return undefined
  // While a guest is ending, libvirt may answer with both and still report another state.
  const deadline = Date.now() + END_MS
  let { state } = await domain.getState()
  while ((state === 'running' || state === 'shutdown') && Date.now() < deadline) {
    await sleep(POLL_MS)
    state = (await domain.getState()).state
  }
  if (state !== 'shutoff' && state !== 'crashed') return undefined
  return new SeeError('GUEST_STOPPED', `the guest is ${state}: its agent will not answer`, { cause: error })
}

function seeError(error: LibvirtError): SeeError {
  const { code, message } = error
  if (SILENT.has(code)) return new SeeError('AGENT_UNRESPONSIVE', message, { cause: error })
  // libvirt passes the agent's own refusals on as internal errors.
  if (code === 'VIR_ERR_INTERNAL_ERROR')
    return new SeeError('AGENT_COMMAND_FAILED', message, { cause: error })
  return new SeeError(
    'AGENT_CHANNEL',
    `${message}; the channel may be broken until the guest is powered off and on again`,
    {
      cause: error,
    },
  )
}
