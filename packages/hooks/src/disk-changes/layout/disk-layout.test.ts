import { expect, test } from 'vitest'
import { partitionsIn } from './disk-layout.ts'

const output = `DOS Partition Table
Offset Sector: 0
Units are in 512-byte sectors

      Slot      Start        End          Length       Description
000:  Meta      0000000000   0000000000   0000000001   Primary Table (#0)
001:  -------   0000000000   0000002047   0000002048   Unallocated
002:  000:000   0000002048   0000067583   0000065536   Linux (0x83)
003:  000:002   0000088064   0000219135   0000131072   NTFS / exFAT (0x07)
004:  Meta      0000219136   0000319135   0000100000   DOS Extended (0x05)
005:  001:000   0000221184   0000261183   0000040000   Linux (0x83)
`

const gpt = `GUID Partition Table (EFI)
Offset Sector: 0
Units are in 512-byte sectors

      Slot      Start        End          Length       Description
000:  Meta      0000000000   0000000000   0000000001   Safety Table
001:  -------   0000000000   0000002047   0000002048   Unallocated
002:  Meta      0000000001   0000000001   0000000001   GPT Header
004:  000       0000002048   0000034815   0000032768   009:  000  0000000001   0000000001   0000000001
005:  001       0000034816   0000054815   0000020000   
`

test.each([
  ['an MBR, with logical ones', output, [2048, 88_064, 221_184]],
  ['a GPT, whatever their names', gpt, [2048, 34_816]],
])('takes the partitions of %s, and nothing else', (_what, text, starts) => {
  expect(partitionsIn(text).map(({ start }) => start)).toEqual(starts)
})
