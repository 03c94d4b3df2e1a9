import type { ScaleLinear } from 'd3-scale'
import { visible } from '../text/visible.ts'
import { type Lane, laneHeight, type Mark, ROW_HEIGHT } from './lane.ts'
import type { Palette } from './palette.ts'

export interface Drawing {
  readonly context: CanvasRenderingContext2D
  readonly scale: ScaleLinear<number, number>
  readonly width: number
  readonly palette: Palette
  readonly picture: (number: number) => HTMLImageElement | undefined
}

const MARK_HEIGHT = 14
const LABEL = 120

/** Draws lanes one below the other. */
export function drawLanes(drawing: Drawing, lanes: readonly Lane[], ticks: readonly number[]): void {
  const { context, scale, palette } = drawing
  const height = lanes.reduce((sum, lane) => sum + laneHeight(lane), 0)
  context.clearRect(0, 0, drawing.width, height)
  context.font = '11px system-ui, sans-serif'
  context.textBaseline = 'middle'
  context.fillStyle = palette.line
  for (const tick of ticks) context.fillRect(Math.round(scale(tick)), 0, 1, height)
  let top = 0
  for (const lane of lanes) {
    drawLane(drawing, lane, top)
    top += laneHeight(lane)
    context.fillStyle = palette.line
    context.fillRect(0, top - 1, drawing.width, 1)
  }
}

function drawLane(drawing: Drawing, lane: Lane, top: number): void {
  const { context, palette } = drawing
  if (lane.values !== undefined) return drawRate(drawing, lane, top)
  if (lane.marks.length === 0) {
    context.fillStyle = palette.muted
    context.fillText(lane.empty, 6, top + 9)
    return
  }
  if (lane.kind === 'screens') return drawScreens(drawing, lane, top)
  if (lane.kind === 'ticks') return drawTicks(drawing, lane, top)
  drawSpans(drawing, lane, top)
}

function drawRate({ context, scale, palette }: Drawing, { values }: Lane, top: number): void {
  if (values === undefined) return
  const height = 34
  const most = Math.max(...values.values, 1e-9)
  context.fillStyle = palette.tones.guest
  values.values.forEach((value, index) => {
    if (value === 0) return
    const from = scale(index * values.slice)
    const size = Math.max(1, (value / most) * height)
    context.fillRect(
      from,
      top + 3 + height - size,
      Math.max(1, scale((index + 1) * values.slice) - from),
      size,
    )
  })
}

function drawTicks({ context, scale, palette, width }: Drawing, { marks }: Lane, top: number): void {
  let drawn = -1
  for (const { t, tone } of marks) {
    const x = Math.round(scale(t))
    if (x === drawn || x < 0 || x > width) continue
    drawn = x
    context.fillStyle = palette.tones[tone]
    context.fillRect(x - 1, top + 4, 2, MARK_HEIGHT)
  }
}

/** A film strip: pictures that would cover one before are left out; the moments of all stand below. */
function drawScreens({ context, scale, palette, picture, width }: Drawing, lane: Lane, top: number): void {
  const height = 44
  let free = Number.NEGATIVE_INFINITY
  lane.marks.forEach(({ t, tone }, index) => {
    const x = Math.round(scale(t))
    if (x < 0 || x > width) return
    context.fillStyle = palette.tones[tone]
    context.fillRect(x - 1, top + height + 6, 2, 5)
    const number = lane.pictures?.[index] ?? null
    const image = number === null || x < free ? undefined : picture(number)
    if (image === undefined || image.naturalWidth === 0) return
    const shown = Math.min(96, (image.naturalWidth / image.naturalHeight) * height)
    // At the end of the axis a picture stands before its moment.
    const left = x + shown > width ? x - shown : x
    if (left < free) return
    context.drawImage(image, left, top + 4, shown, height)
    context.strokeStyle = palette.line
    context.strokeRect(left - 0.5, top + 3.5, shown + 1, height + 1)
    free = left + shown + 5
  })
}

/** Bars; a label stands in its bar, or beside it where nothing follows. Failures are above the rest. */
function drawSpans(drawing: Drawing, { marks, rows }: Lane, top: number): void {
  const byRow: Mark[][] = Array.from({ length: rows }, () => [])
  for (const mark of marks) byRow[mark.row]?.push(mark)
  for (const [row, inRow] of byRow.entries()) drawRow(drawing, inRow, top + 5 + row * ROW_HEIGHT)
  for (const mark of marks) {
    if (mark.tone === 'bad') drawBar(drawing, mark, top + 5 + mark.row * ROW_HEIGHT)
  }
}

function drawRow(drawing: Drawing, marks: readonly Mark[], y: number): void {
  const { context, scale, palette, width } = drawing
  let drawn = -1
  marks.forEach((mark, index) => {
    const [from, to] = placeOf(drawing, mark)
    // Ten thousand marks in one pixel are drawn once.
    if (to < 0 || from > width || to <= drawn) return
    drawn = Math.max(drawn, Math.floor(to))
    drawBar(drawing, mark, y)
    const next = marks[index + 1]
    const free = next === undefined ? width : Math.min(width, scale(next.t))
    drawLabel(context, palette, mark, { from: Math.max(0, from), to: Math.min(width, to), free, y })
  })
}

function drawBar(drawing: Drawing, mark: Mark, y: number): void {
  const { context, palette } = drawing
  const [from, to] = placeOf(drawing, mark)
  context.fillStyle = palette.tones[mark.tone]
  context.globalAlpha = mark.open === true ? 0.55 : 1
  // A gap shows where one bar ends and the next begins.
  context.fillRect(from, y, Math.max(2, to - from - (to - from > 4 ? 1 : 0)), MARK_HEIGHT)
  context.globalAlpha = 1
}

function placeOf({ scale }: Drawing, { t, end }: Mark): readonly [from: number, to: number] {
  const from = scale(t)
  return [from, Math.max(from + 2, scale(end))]
}

interface Place {
  readonly from: number
  readonly to: number
  /** Where the next mark begins. */
  readonly free: number
  readonly y: number
}

function drawLabel(
  context: CanvasRenderingContext2D,
  palette: Palette,
  mark: Mark,
  { from, to, free, y }: Place,
): void {
  const inside = to - from > 34
  const room = inside ? to - from - 8 : Math.min(LABEL * 2, free - to - 8)
  if (room < 22) return
  const text = fitted(context, visible(mark.label.slice(0, LABEL)), room)
  if (text === '') return
  context.fillStyle = inside ? palette.onMark : palette.text
  context.fillText(text, inside ? from + 4 : to + 4, y + MARK_HEIGHT / 2 + 0.5)
}

const widths = new Map<string, number>()

/** As much of a text as there is room for; nothing rather than a letter or two. */
function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  let width = widths.get(text)
  if (width === undefined) {
    width = context.measureText(text).width
    if (widths.size < 20_000) widths.set(text, width)
  }
  if (width <= room) return text
  const most = Math.floor((text.length * (room - 8)) / width)
  return most < 4 ? '' : `${text.slice(0, most)}…`
}
