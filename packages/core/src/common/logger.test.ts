import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

test('writes its lines to another destination than standard error', () => {
  const lines: unknown[] = []
  const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
  logger.child({ identifier: 'x' }).info({ event: 'y' }, 'hello')
  logger.debug('not at this level')
  expect(lines).toMatchObject([{ level: 30, identifier: 'x', event: 'y', msg: 'hello' }])
})
