import { expect, test } from 'vitest'
import { HelperListing } from './helper-listing.ts'

function field(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, Buffer.from(text, 'latin1')])
}

test('of more names that cannot be read than are kept, the first one says so', () => {
  const listing = new HelperListing({ maxNames: 10, maxBytes: 2 ** 20, contentBytes: 0 })
  for (let number = 0; number < 1100; number++) {
    listing.take({ type: 'T', payload: Buffer.concat([field(`/${number}`), field('damaged')]) })
  }
  expect(listing.troubles).toHaveLength(1001)
  expect(listing.troubles[0]).toEqual({ path: 'any', why: 'there are more than 1000 such names' })
  expect(listing.troubles.at(-1)).toEqual({ path: '/999', why: 'damaged' })
})
