import { afterAll } from 'vitest'
import { lifeContract } from './life.ts'
import { libvirtQemu } from './libvirt-qemu.ts'

const provider = libvirtQemu()
afterAll(() => provider[Symbol.dispose]())
lifeContract(provider)
