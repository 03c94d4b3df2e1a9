import { randomBytes } from 'node:crypto'
import type { GuestListener, Provider, ResourcesParameters, z } from '@see/core'
import { simulatedProvider, SimulatedResources } from '@see/core/testing'
import { MachineDomain } from './machine-domain.ts'

type Schema = typeof SimulatedResources.schema

/** A simulated sandbox whose guest is a machine. */
export class MachineResources extends SimulatedResources {
  override readonly macAddress: string

  constructor(parameters: ResourcesParameters<z.output<Schema>>) {
    const [a = 0, b = 0, c = 0] = randomBytes(3)
    const macAddress = `52:54:00:${Buffer.from([a, b, c]).toString('hex').replace(/../g, '$&:').slice(0, -1)}`
    const domain = new MachineDomain(parameters.identifier, { macAddress, address: `10.${a}.${b}.2` })
    const guest = { packets: firstPacket(macAddress) }
    const configuration = { ...parameters.configuration, guest, agentChannel: domain.agentChannel }
    super({ ...parameters, configuration }, domain)
    this.macAddress = macAddress
    // The one who listens comes later.
    const listener: GuestListener = {
      ended: (end) => this.guest?.ended(end),
      rebooted: (detail) => this.guest?.rebooted(detail),
      warned: (warning) => this.guest?.warned(warning),
      limitReached: (limit) => this.guest?.limitReached(limit),
    }
    domain.ends.listener = listener
  }

  override async deallocate(): Promise<void> {
    await this.domain.destroy()
    await super.deallocate()
  }
}

/** The simulated provider, whose guests are machines. */
export const machineProvider: Provider<Schema, MachineResources> = {
  ...simulatedProvider,
  resources: MachineResources,
}

/** A pcap file of one frame, to all, of no protocol. */
function firstPacket(macAddress: string): Buffer {
  const frame = Buffer.from(`ffffffffffff${macAddress.replaceAll(':', '')}88b5`, 'hex')
  const header = Buffer.from('d4c3b2a10200040000000000000000000000040001000000', 'hex')
  const record = Buffer.alloc(16)
  record.writeUInt32LE(frame.length, 8)
  record.writeUInt32LE(frame.length, 12)
  return Buffer.concat([header, record, frame])
}
