import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { Hypervisor } from '@see/libvirt'
import { timeoutSignal } from '../../../../common/timeout-signal.ts'
import { GuestAgent } from '../../../../guest-agent/guest-agent.ts'
import type { Identity } from '../../../../templates/identity.ts'
import type { GuestMemory, TemplateClone } from '../../../../templates/template-clone.ts'
import type { GuestWatch } from '../../domain/guest-watch.ts'
import { rethrowAs } from '../../xml/rethrow-as.ts'
import { libvirtAgentChannel } from '../../domain/libvirt-agent.ts'
import type { DomainMachine } from './domain-machine.ts'
import { openIdentityPort } from './identity-port.ts'
import { libvirtMonitor } from './libvirt-monitor.ts'
import { withMemoryFile } from './memory-file-xml.ts'
import { withQemuFolder } from './qemu-folder.ts'
import { TemplateDomain } from './template-domain.ts'
import { templateMachine } from './template-machine.ts'

const CONNECT_MS = 10_000

interface MemoryFileDomain {
  readonly identifier: string
  /** What it is powered on with, but for the memory. */
  readonly xml: string
  readonly watch: GuestWatch
  /** What libvirt makes of that. */
  readonly machine: DomainMachine
  readonly memory: GuestMemory
  /** The clone that it is; undefined for a guest that will be frozen into a template. */
  readonly clone: TemplateClone | undefined
  readonly identity: Identity
  /** The path of the guest's disk, in a folder of its own. */
  readonly disk: string
  /** The user's file, for the error. */
  readonly file: string
}

/**
 * A domain that has its memory in a file as long as it runs for the first time.
 * @throws SeeError `TEMPLATE_INVALID` when it is another machine than that of the template, or `DOMAIN_XML_INVALID`
 */
export function domainInMemoryFile(
  hypervisor: Hypervisor,
  { identifier, xml, watch, machine, memory, clone, identity, disk, file }: MemoryFileDomain,
): TemplateDomain {
  clone?.assertFits(machine)
  let port: Socket | undefined
  const own: TemplateDomain = new TemplateDomain(hypervisor, identifier, xml, watch, {
    xml: rethrowAs('DOMAIN_XML_INVALID', file, () => withMemoryFile(xml, memory, machine.memory_mib)),
    async prepare() {
      // Before a clone knows its devices: a guest notices when the other end is opened.
      port = await openIdentityPort(own, timeoutSignal(CONNECT_MS))
      if (clone === undefined) return
      const running = await templateMachine(own, machine)
      await withQemuFolder(join(dirname(disk), 'incoming'), memory.path, async (within) => {
        await clone.takeOver(libvirtMonitor(own), running, join(within, 'state'))
      })
    },
    async started(signal) {
      if (clone === undefined) return
      const channel = libvirtAgentChannel(own)
      if (clone.needsAgent) {
        // libvirt learns from QEMU, a moment later, that the guest has its end of the channel open.
        await new GuestAgent(channel).waitUntilReady({ timeoutMs: clone.timeoutMs, intervalMs: 5, signal })
      }
      signal?.throwIfAborted()
      await clone.becomeOwn(channel, port, identity)
      port?.destroy()
    },
    assertBootable: async () => await clone?.assertBootable(),
  })
  return own
}
