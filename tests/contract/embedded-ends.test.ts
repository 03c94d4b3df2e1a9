import { afterAll } from 'vitest'
import { endsContract } from './ends.ts'
import { embedded } from './embedded.ts'
import { poolContract } from './pool.ts'

const provider = embedded()
afterAll(() => provider[Symbol.dispose]())
endsContract(provider)
poolContract(provider)
