import { embeddedFactory } from '@see/core'
import { afterAll } from 'vitest'
import { clonesOf } from './clones.ts'
import { embedded } from './embedded.ts'
import { lifeContract } from './life.ts'

const provider = await clonesOf(embedded(), embeddedFactory, 'embedded')
afterAll(() => provider[Symbol.dispose]())
lifeContract(provider)
