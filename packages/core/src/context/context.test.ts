import { EventEmitter, once } from 'node:events'
import { expect, test } from 'vitest'
import { Environment } from '../environment/environment.ts'
import { evidenceWarning } from '../contract/evidence-warning.ts'
import { simulatedFactory } from '../testing/index.ts'

test('a handler that warns does not wait for an event whose handler waits for it', async () => {
  await using environment = await Environment.allocate(simulatedFactory())
  const { context } = environment
  const steps = new EventEmitter()
  const fired: string[] = []
  context.subscribe('evidence_incomplete', (event) => fired.push(event.name))
  context.subscribeAsync('post_pause', async () => {
    await once(steps, 'waited for')
    await context.warn(evidenceWarning('mine:NO_DATA', 'p1', 'it was not read'))
    steps.emit('over')
  })
  context.subscribe('post_resume', async () => {
    const over = once(steps, 'over')
    steps.emit('waited for')
    await over
  })
  await context.trigger('post_pause')
  await context.trigger('post_resume')
  await context.settled()
  expect(context.warnings.map(({ code }) => code)).toEqual(['mine:NO_DATA'])
  expect(fired).toEqual(['evidence_incomplete'])
})
