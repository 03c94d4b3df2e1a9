import { afterAll } from 'vitest'
import { lifeContract } from './life.ts'
import { embedded } from './embedded.ts'

const provider = embedded()
afterAll(() => provider[Symbol.dispose]())
lifeContract(provider)
