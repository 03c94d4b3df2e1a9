/** The VGA text mode: its memory holds 25 rows of 80 cells, each a character and its colours. */
const COLUMNS = 80
const ROWS = 25
const CELLS = COLUMNS * ROWS
/** The least share of cells that look like text: the memory of a screen in a graphics mode has fewer. */
const TEXT_SHARE = 0.95

/** The command of QEMU's human monitor that shows the memory of the VGA text mode. */
export const vgaTextCommand = `xp /${CELLS}hx 0xb8000`

/** The text of that memory, line by line; undefined when it holds none. */
export function vgaText(shown: string): string | undefined {
  const cells = [...shown.matchAll(/ 0x([0-9a-f]{4})\b/g)].map(([, cell = '']) =>
    Number.parseInt(cell.slice(2), 16),
  )
  if (cells.length !== CELLS) return undefined
  if (cells.filter(isText).length < CELLS * TEXT_SHARE) return undefined
  const characters = cells.map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' '))
  const rows = Array.from({ length: ROWS }, (_row, row) => {
    return characters
      .slice(row * COLUMNS, (row + 1) * COLUMNS)
      .join('')
      .trimEnd()
  })
  const text = rows.join('\n').trim()
  return text === '' ? undefined : text
}

function isText(code: number): boolean {
  return code === 0 || (code >= 0x20 && code !== 0x7f && code !== 0xff)
}
