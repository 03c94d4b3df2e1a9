import { expect, test } from 'vitest'
import { png } from '../testing/png.ts'
import { pngSize } from './png.ts'

test('the size of a PNG', () => {
  expect(pngSize(png(640, 480))).toEqual({ width: 640, height: 480 })
})

test('what is no PNG, or too large, has none', () => {
  const huge = Buffer.from(png(4, 4))
  huge.writeUInt32BE(100_000, 16)
  const svg = new TextEncoder().encode(
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  )
  for (const bytes of [new Uint8Array(), svg, png(4, 4).subarray(0, 20), huge])
    expect(pngSize(bytes)).toBeUndefined()
})
