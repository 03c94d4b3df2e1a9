import { qemuFactory } from '@see/core'
import { afterAll } from 'vitest'
import { clonesOf } from './clones.ts'
import { endsContract } from './ends.ts'
import { libvirtQemu } from './libvirt-qemu.ts'
import { unaskedContract } from './unasked.ts'
import { waitsContract } from './waits.ts'

// As with the embedded QEMU, they begin as clones.
const provider = await clonesOf(libvirtQemu(), qemuFactory, 'libvirt')
afterAll(() => provider[Symbol.dispose]())
endsContract(provider)
unaskedContract(provider)
waitsContract(provider)
