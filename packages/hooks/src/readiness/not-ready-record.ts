import type { Diagnosis } from '@see/core'
import type { NotReady } from '@see/evidence'

/** A diagnosis as its file holds it. */
export function notReadyRecord(diagnosis: Diagnosis): NotReady {
  return {
    cause: diagnosis.cause,
    waited_for: [...diagnosis.waitedFor],
    after_ms: diagnosis.afterMs,
    state: diagnosis.state ?? null,
    ended: diagnosis.ends.map(({ reason, detail }) => ({ reason, detail })),
    reboots: diagnosis.reboots,
    agent_answers: diagnosis.agentAnswers ?? null,
    addresses: diagnosis.addresses.map(({ name, hwaddr, addrs }) => ({
      interface: name,
      mac_address: hwaddr ?? null,
      addresses: addrs.map(({ addr }) => addr),
    })),
    console: diagnosis.console ?? null,
    screen_text: diagnosis.screenText ?? null,
    hypervisor_errors: diagnosis.hypervisorErrors ?? null,
    events: diagnosis.events.map(({ name, origin, timestamp }) => ({
      name,
      origin,
      time: new Date(timestamp).toISOString(),
    })),
  }
}
