import { afterAll } from 'vitest'
import { endsContract } from './ends.ts'
import { libvirtQemu } from './libvirt-qemu.ts'

const provider = libvirtQemu()
afterAll(() => provider[Symbol.dispose]())
endsContract(provider)
