import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SeeError } from './errors.ts'
import { ReleaseStack, releaseAfter } from './release-stack.ts'

test('releases last in, first out, one after the other', async () => {
  const log: string[] = []
  const releases = new ReleaseStack()
  releases.defer('first', () => void log.push('first'))
  releases.defer('second', async () => {
    log.push('second begins')
    await sleep(5)
    log.push('second ends')
  })
  await releases.release()
  expect(log).toEqual(['second begins', 'second ends', 'first'])
})

test('releases nothing twice, and what was added since', async () => {
  const log: string[] = []
  const releases = new ReleaseStack()
  releases.defer('first', () => void log.push('first'))
  await releases.release()
  await releases.release()
  releases.defer('later', () => void log.push('later'))
  await releases.release()
  expect(log).toEqual(['first', 'later'])
})

test('releases what a release adds', async () => {
  const log: string[] = []
  const releases = new ReleaseStack()
  releases.defer('first', () => releases.defer('added', () => void log.push('added')))
  await releases.release()
  expect(log).toEqual(['added'])
})

test('goes on after failures and a stuck release, and throws them all', async () => {
  const log: string[] = []
  const releases = new ReleaseStack()
  const failure = new Error('failure')
  releases.defer('last', () => void log.push('last'))
  releases.defer('throws', () => {
    throw failure
  })
  releases.defer('the stuck one', () => new Promise(() => undefined), 10)
  releases.defer('rejects', () => Promise.reject(undefined))
  const thrown = await releases.release().catch((error: unknown) => error)
  expect(log).toEqual(['last'])
  expect(thrown).toBeInstanceOf(AggregateError)
  const { errors, message } = thrown as AggregateError
  expect(errors).toHaveLength(3)
  expect(errors[0]).toBeUndefined()
  expect(errors[1]).toBeInstanceOf(SeeError)
  expect(errors[1]).toMatchObject({ code: 'RELEASE_TIMEOUT' })
  expect(errors[2]).toBe(failure)
  expect(message).toContain('the stuck one took longer than 10 ms')
  expect(message).toContain('failure')
})

test('after a failure the failure is thrown', async () => {
  const failure = new Error('failure')
  await expect(releaseAfter(failure, async () => undefined)).rejects.toBe(failure)
})

test('after a failure and a failing release every one of them is thrown', async () => {
  const [failure, first, second] = [new Error('failure'), new Error('first'), new Error('second')]
  const release = () => Promise.reject(new AggregateError([first, second], 'both'))
  const thrown = await releaseAfter(failure, release).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(AggregateError)
  expect((thrown as AggregateError).errors).toEqual([failure, first, second])
  expect((thrown as AggregateError).message).toMatch(/failure.*both/)
})
