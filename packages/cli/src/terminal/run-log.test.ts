import { expect, test, vi } from 'vitest'
import { createRunLog } from './run-log.ts'

test('warnings are shown, downloads are followed, other information is for SEE_LOG', () => {
  vi.stubEnv('SEE_LOG', undefined)
  const told: string[] = []
  const log = createRunLog({
    note: (message) => void told.push(`note: ${message}`),
    update: (message) => void told.push(`update: ${message}`),
  })
  log.warn({ hook: 'ScreenHook' }, 'no screen')
  log.info({ progress: { bytes: 1, totalBytes: 2 } }, 'fetching the image: 1 of 2')
  log.info({ path: 'x' }, 'screenshot captured')
  vi.unstubAllEnvs()
  expect(told).toEqual(['note: ScreenHook: no screen', 'update: fetching the image: 1 of 2'])
})
