import { embeddedFactory } from '@see/core'
import { afterAll } from 'vitest'
import { clonesOf } from './clones.ts'
import { endsContract } from './ends.ts'
import { embedded } from './embedded.ts'
import { poolContract } from './pool.ts'
import { unaskedContract } from './unasked.ts'
import { waitsContract } from './waits.ts'

// Clones have booted already. Once they were off they boot like any other, which is what comes to most of these ends.
const provider = await clonesOf(embedded(), embeddedFactory, 'embedded')
afterAll(() => provider[Symbol.dispose]())
endsContract(provider)
unaskedContract(provider)
waitsContract(provider)
poolContract(provider)
