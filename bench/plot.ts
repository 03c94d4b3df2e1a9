import { scaleLog } from 'd3-scale'
import { type Line, rounded } from './summary.ts'

const WIDTH = 900
const LABELS = 330
const ROW = 26
const MARGIN = 34

/** A bar for each line, of its median, with what lies between the least and the most; the axis is logarithmic. */
export function plot(title: string, lines: readonly Line[]): string {
  const height = MARGIN * 2 + ROW * lines.length
  const least = Math.min(...lines.map((line) => line.least))
  const most = Math.max(...lines.map((line) => line.most))
  const x = scaleLog([least / 2, most * 1.5], [LABELS, WIDTH - 70]).nice()
  const left = x.range()[0] ?? LABELS
  const ticks = x.ticks().filter((tick) => Number.isInteger(Math.log10(tick)))
  const grid = ticks.map(
    (tick) =>
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="${MARGIN}" y2="${height - MARGIN}" stroke="#ddd"/>` +
      `<text x="${x(tick)}" y="${height - MARGIN + 16}" text-anchor="middle">${tick}</text>`,
  )
  const bars = lines.map((line, index) => {
    const middle = MARGIN + ROW * (index + 0.5)
    return (
      `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${escaped(line.what)}</text>` +
      `<rect x="${left}" y="${middle - 8}" width="${x(line.median) - left}" height="16" fill="#4a7ab5"/>` +
      `<line x1="${x(line.least)}" x2="${x(line.most)}" y1="${middle}" y2="${middle}" stroke="#222"/>` +
      `<text x="${x(line.most) + 6}" y="${middle + 4}">${rounded(line.median)} ${line.unit}</text>`
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="12" y="20" font-size="14">${escaped(title)}</text>
${[...grid, ...bars].join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
