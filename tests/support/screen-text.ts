import { PNG } from 'pngjs'

const COLUMNS = 80
const CELL = { width: 9, height: 16 }

/** The cells of each row of a VGA text screen, each as what its pixels are. */
function rowsOf(screenshot: Buffer): string[][] {
  const { width, height, data } = PNG.sync.read(screenshot)
  if (width !== COLUMNS * CELL.width || height % CELL.height !== 0) throw new Error('no screen of text')
  const isLit = (x: number, y: number) => (data[(y * width + x) * 4] ?? 0) > 100
  return Array.from({ length: height / CELL.height }, (_row, row) =>
    Array.from({ length: COLUMNS }, (_cell, column) =>
      Array.from({ length: CELL.width * CELL.height }, (_pixel, pixel) => {
        const x = column * CELL.width + (pixel % CELL.width)
        return isLit(x, row * CELL.height + Math.floor(pixel / CELL.width)) ? '#' : ' '
      }).join(''),
    ),
  )
}

/** For each element, the index of the first equal one. */
const patternOf = (elements: readonly string[]) => elements.map((element) => elements.indexOf(element)).join()

/**
 * Whether a line of text stands on a screen. The font is not known; but cells are alike exactly where the text's
 * characters are, and blank exactly where those are: in a long line, that is as good as reading it.
 */
export function showsLine(screenshot: Buffer, text: string): boolean {
  const line = text.padEnd(COLUMNS).split('')
  return rowsOf(screenshot).some(
    (row) =>
      patternOf(row) === patternOf(line) &&
      row.every((cell, column) => (cell.trim() === '') === (line[column] === ' ')),
  )
}
