import { expect, test } from 'vitest'
import { ClaimedNames } from './claimed-names.ts'

const names = () => new ClaimedNames('/results', 'one')
const png = { extensions: ['png'] }

test('the first of a name has no number, and those after it count from 2', () => {
  const claimed = names()
  const paths = [1, 2, 3].map(() => claimed.claim('post_pause', png).path('png'))
  expect(paths).toEqual([
    '/results/one_post_pause.png',
    '/results/one_post_pause_2.png',
    '/results/one_post_pause_3.png',
  ])
})

test('what is always numbered counts from 1', () => {
  const claimed = names()
  const options = { extensions: ['json', 'stdout'], alwaysNumbered: true }
  expect(claimed.claim('command', options)).toMatchObject({ base: '/results/one_command_1', suffix: '_1' })
  expect(claimed.claim('command', options).path('stdout')).toBe('/results/one_command_2.stdout')
})

test('files of different extensions share a name, those of one never', () => {
  const claimed = names()
  claimed.claim('post_pause', png)
  expect(claimed.claim('post_pause', { extensions: ['elf'] }).base).toBe('/results/one_post_pause')
  expect(claimed.claim('post_pause', { extensions: ['elf', 'png'] }).base).toBe('/results/one_post_pause_2')
})

test('an event whose own name ends in a number does not get the file of another', () => {
  const claimed = names()
  claimed.claim('post_pause', png)
  claimed.claim('post_pause_2', png)
  expect(claimed.claim('post_pause', png).base).toBe('/results/one_post_pause_3')
})

test('a name that is given back is the next one', () => {
  const claimed = names()
  claimed.claim('', { extensions: ['pcap'] })
  claimed.claim('', { extensions: ['pcap'] }).release()
  expect(claimed.claim('', { extensions: ['pcap'] }).path('pcap')).toBe('/results/one_2.pcap')
})
