import { expect } from 'vitest'
import type { HostileRow } from './hostile-row.ts'

const PORT = '/dev/virtio-ports/org.qemu.guest_agent.0'

/** Puts a program in the place of the guest's agent, and goes on for long. */
const inPlaceOfAgent = (program: string) => `cat >/root/agent <<'END'
sleep 1
killall start-agent qemu-ga
sleep 0.5
${program}
END
setsid sh /root/agent </dev/null >/dev/null 2>&1 &
sleep 600`

/** An agent that answers a synchronisation, and sends `reply` in place of all other replies. */
const answering = (reply: string) =>
  inPlaceOfAgent(`while read -r line; do
  id=\${line##*\\"id\\":}
  case $line in
    *guest-sync*) printf '\\377{"return": %s}\\n' "\${id%%\\}*}" ;;
    *) ${reply} ;;
  esac
done <>${PORT} >&0`)

const says =
  (...codes: readonly string[]): HostileRow['says'] =>
  ({ report }) => {
    expect(report.warnings.filter(({ code }) => codes.includes(code))).not.toEqual([])
    expect(report.commands).toMatchObject([{ exit_code: null }])
  }

const times = { runtime: 6, deadline: 60 }
/** Through libvirt a flood is silence: libvirtd reads it. A command whose agent misbehaved is a failure of the hook that ran it. */
const flood = { ...times, exitCodes: [0, 3], says: says('AGENT_MISBEHAVED', 'AGENT_SILENT') }
const silence = { ...times, exitCodes: [0], says: says('AGENT_SILENT') }

/** What an agent sends instead of what it should. */
export const agentFloods: readonly HostileRow[] = [
  { name: 'agent: one byte', script: inPlaceOfAgent(`printf x >${PORT}; sleep 600`), ...silence },
  { name: 'agent: one byte without end', script: inPlaceOfAgent(`tr '\\0' x </dev/zero >${PORT}`), ...flood },
  { name: 'agent: empty lines', script: inPlaceOfAgent(`yes '' >${PORT}`), ...flood },
  {
    name: 'agent: wrong identifiers',
    script: inPlaceOfAgent(`while read -r line; do printf '\\377{"return": 1}\\n'; done <>${PORT} >&0`),
    ...flood,
  },
  {
    name: 'agent: an endless reply',
    script: answering(`printf '{"return": {"exited": false, "out-data": "'; tr '\\0' A </dev/zero`),
    ...flood,
  },
  { name: 'agent: silence', script: inPlaceOfAgent(`exec 3<>${PORT}; cat <&3 >/dev/null`), ...silence },
]
