import { expect, test } from 'vitest'
import { vgaText, vgaTextCommand } from './vga-text.ts'

/** As QEMU's monitor shows it, eight cells a line. */
function shown(codes: readonly number[]): string {
  const cells = codes.map((code) => `0x07${code.toString(16).padStart(2, '0')}`)
  return Array.from({ length: cells.length / 8 }, (_line, line) => {
    const address = (0xb8000 + line * 16).toString(16).padStart(16, '0')
    return `${address}: ${cells.slice(line * 8, line * 8 + 8).join(' ')}`
  }).join('\r\n')
}

const blank: readonly number[] = Array.from({ length: 2000 }, () => 0x20)

function screen(text: string, row: number): number[] {
  const codes = [...blank]
  for (const [column, character] of text.split('').entries())
    codes[row * 80 + column] = character.charCodeAt(0)
  return codes
}

test('a screen of text is read line by line', () => {
  expect(vgaTextCommand).toBe('xp /2000hx 0xb8000')
  expect(vgaText(shown(screen('No bootable device.', 3)))).toBe('No bootable device.')
  const two = screen('SeaBIOS', 0)
  two.splice(160, 3, 0x61, 0, 0xdb)
  expect(vgaText(shown(two))).toBe('SeaBIOS\n\na')
})

test('an empty screen, a graphics mode and an answer that is something else hold no text', () => {
  expect(vgaText(shown(blank))).toBeUndefined()
  expect(vgaText(shown(Array.from({ length: 2000 }, (_, index) => index % 32)))).toBeUndefined()
  expect(vgaText('Cannot access memory')).toBeUndefined()
})
