import {
  type AllocateOptions,
  type ConsoleStream,
  contextFactory,
  type ContextFactory,
  type GuestDisk,
  type Resources,
  type SandboxDomain,
  z,
} from '@see/core'
import { SimulatedDomain } from '@see/core/testing'

const NOTHING_ON = 'nothing is powered on in these tests'

class AbleDomain extends SimulatedDomain {
  powerOns = 0

  override async create(): Promise<void> {
    this.powerOns++
    await super.create()
  }

  async openConsole(): Promise<ConsoleStream> {
    throw new Error(NOTHING_ON)
  }
}

/** Only what every domain must be able to do. */
function bare(domain: AbleDomain): SandboxDomain {
  return {
    getState: () => domain.getState(),
    create: () => domain.create(),
    destroy: () => domain.destroy(),
    suspend: () => domain.suspend(),
    resume: () => domain.resume(),
    reboot: () => domain.reboot(),
    reset: () => domain.reset(),
    shutdown: () => domain.shutdown(),
    pmWakeup: () => domain.pmWakeup(),
    interfaceAddresses: () => domain.interfaceAddresses(),
  }
}

/** Simulated resources that only have what all must have. */
class BareResources implements Resources {
  static readonly schema = z.strictObject({})
  static readonly made: BareResources[] = []
  readonly hypervisor = undefined
  readonly storagePool = undefined
  readonly network = undefined
  readonly macAddress = undefined
  readonly addressSource = 'lease'
  readonly able = new AbleDomain()
  readonly domain: SandboxDomain = bare(this.able)
  allocated = false

  constructor() {
    BareResources.made.push(this)
  }

  async allocate(_options: AllocateOptions): Promise<void> {
    this.allocated = true
  }

  async deallocate(): Promise<void> {
    this.allocated = false
  }
}

/** Simulated resources with everything that a provider may have for hooks. */
class AbleResources extends BareResources {
  override readonly domain = this.able
  readonly agentChannel = { agentCommand: () => Promise.reject(new Error(NOTHING_ON)) }

  async watchInterfaces(): Promise<undefined> {
    return undefined
  }

  async guestDisk(): Promise<GuestDisk> {
    return {
      image: { path: '/nowhere', format: 'qcow2' },
      read: () => Promise.reject(new Error(NOTHING_ON)),
    }
  }

  async hasConsole(): Promise<boolean> {
    return true
  }

  async vncServer(): Promise<{ host: string; port: undefined }> {
    return { host: '127.0.0.1', port: undefined }
  }
}

/** What became of all sandboxes since it was asked last. */
export function sandboxes(): { made: number; allocated: number; powerOns: number } {
  const made = BareResources.made.splice(0)
  return {
    made: made.length,
    allocated: made.filter(({ allocated }) => allocated).length,
    powerOns: made.reduce((sum, { able }) => sum + able.powerOns, 0),
  }
}

export function ableFactory(): ContextFactory {
  return contextFactory(AbleResources, {})
}

export function bareFactory(): ContextFactory {
  return contextFactory(BareResources, {})
}
