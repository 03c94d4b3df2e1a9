import { afterAll } from 'vitest'
import { endsContract } from './ends.ts'
import { libvirtLxc } from './libvirt-lxc.ts'
import { lifeContract } from './life.ts'
import { poolContract } from './pool.ts'
import { unaskedContract } from './unasked.ts'

const provider = libvirtLxc()
afterAll(() => provider[Symbol.dispose]())
lifeContract(provider)
endsContract(provider)
unaskedContract(provider)
poolContract(provider)
