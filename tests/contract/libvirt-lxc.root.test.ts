import { afterAll } from 'vitest'
import { endsContract } from './ends.ts'
import { libvirtLxc } from './libvirt-lxc.ts'
import { lifeContract } from './life.ts'
import { poolContract } from './pool.ts'
import { unaskedContract } from './unasked.ts'
import { waitsContract } from './waits.ts'

const provider = libvirtLxc()
afterAll(() => provider[Symbol.dispose]())
lifeContract(provider)
endsContract(provider)
unaskedContract(provider)
waitsContract(provider)
poolContract(provider)
