import { qemuFactory } from '@see/core'
import { afterAll } from 'vitest'
import { clonesOf } from './clones.ts'
import { libvirtQemu } from './libvirt-qemu.ts'
import { lifeContract } from './life.ts'

const provider = await clonesOf(libvirtQemu(), qemuFactory, 'libvirt')
afterAll(() => provider[Symbol.dispose]())
lifeContract(provider)
