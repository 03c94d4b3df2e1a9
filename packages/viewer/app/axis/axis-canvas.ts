import { scaleLinear } from 'd3-scale'
import { timeText, type TimeMode } from '../text/format.ts'
import { drawLanes } from './draw.ts'
import { type Lane, laneHeight, type Mark, ROW_HEIGHT } from './lane.ts'
import { paletteOf } from './palette.ts'
import { Pictures } from './pictures.ts'

export type Range = readonly [from: number, to: number]

/** What is under the pointer. */
export interface Hit {
  readonly lane: Lane
  readonly mark: Mark
  readonly place: number
}

const REACH = 5
const RULER = 22

/** Two canvases: the lanes, and above them what moves with the pointer. */
export class AxisCanvas {
  view: Range
  range: Range | null = null
  cursor: number | null = null
  mode: TimeMode = 'relative'
  readonly #lanes: readonly Lane[]
  readonly #base: HTMLCanvasElement
  readonly #over: HTMLCanvasElement
  readonly #pictures: Pictures
  readonly #started: number
  #width = 0
  #frame = 0

  constructor(
    { base, over }: { readonly base: HTMLCanvasElement; readonly over: HTMLCanvasElement },
    {
      lanes,
      view,
      started,
    }: { readonly lanes: readonly Lane[]; readonly view: Range; readonly started: number },
  ) {
    this.#base = base
    this.#over = over
    this.#lanes = lanes
    this.view = view
    this.#started = started
    this.#pictures = new Pictures(() => this.drawSoon())
  }

  get height(): number {
    return RULER + this.#lanes.reduce((sum, lane) => sum + laneHeight(lane), 0)
  }

  get #scale() {
    return scaleLinear()
      .domain([...this.view])
      .range([0, this.#width])
  }

  timeAt(x: number): number {
    const [from, to] = this.view
    return Math.min(to, Math.max(from, this.#scale.invert(x)))
  }

  resize(width: number): void {
    this.#width = Math.max(50, Math.floor(width))
    this.draw()
  }

  drawSoon(): void {
    if (this.#frame !== 0) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0
      this.draw()
    })
  }

  draw(): void {
    const context = this.#sized(this.#base)
    if (context === null) return
    const scale = this.#scale
    const palette = paletteOf(this.#base)
    const ticks = scale.ticks(Math.max(2, this.#width / 90))
    context.font = '11px system-ui, sans-serif'
    context.textBaseline = 'middle'
    for (const tick of ticks) {
      const x = Math.round(scale(tick))
      context.fillStyle = palette.line
      context.fillRect(x, RULER - 6, 1, 6)
      context.fillStyle = palette.muted
      context.fillText(this.#tickText(tick), Math.min(x + 4, this.#width - 44), RULER / 2)
    }
    context.save()
    context.translate(0, RULER)
    drawLanes(
      { context, scale, width: this.#width, palette, picture: this.#pictures.get },
      this.#lanes,
      ticks,
    )
    context.restore()
    this.drawOver()
  }

  drawOver(): void {
    const context = this.#sized(this.#over)
    if (context === null) return
    const { height } = this
    const palette = paletteOf(this.#over)
    const scale = this.#scale
    if (this.range !== null) {
      const [from, to] = [scale(this.range[0]), scale(this.range[1])]
      context.fillStyle = palette.shade
      context.fillRect(0, RULER, Math.max(0, from), height)
      context.fillRect(to, RULER, Math.max(0, this.#width - to), height)
      context.fillStyle = palette.range
      context.fillRect(from, 0, Math.max(1, to - from), RULER - 1)
      context.fillStyle = palette.cursor
      context.fillRect(from, 0, 1, height)
      context.fillRect(to, 0, 1, height)
    }
    if (this.cursor === null) return
    const x = Math.round(scale(this.cursor))
    context.fillStyle = palette.cursor
    context.fillRect(x, 0, 1, height)
    const text = timeText(this.cursor, this.#started, this.mode)
    context.font = '600 11px system-ui, sans-serif'
    context.textBaseline = 'middle'
    const { width } = context.measureText(text)
    const left = Math.min(x, this.#width - width - 8)
    context.fillRect(left, 0, width + 8, RULER - 6)
    context.fillStyle = palette.onMark
    context.fillText(text, left + 4, (RULER - 6) / 2 + 0.5)
  }

  /** The mark that is nearest to a point. */
  hit(x: number, y: number): Hit | undefined {
    let top = RULER
    for (const lane of this.#lanes) {
      const bottom = top + laneHeight(lane)
      if (y >= top && y < bottom) return this.#hitIn(lane, x, y - top)
      top = bottom
    }
    return undefined
  }

  #hitIn(lane: Lane, x: number, y: number): Hit | undefined {
    const scale = this.#scale
    const row =
      lane.kind === 'spans' ? Math.min(lane.rows - 1, Math.max(0, Math.floor((y - 3) / ROW_HEIGHT))) : 0
    let best: Hit | undefined
    let nearest = lane.kind === 'screens' ? 90 : REACH
    lane.marks.forEach((mark, place) => {
      if (mark.row !== row) return
      const [from, to] = [scale(mark.t), scale(mark.end)]
      const distance = x < from ? from - x : Math.max(0, x - to)
      if (distance >= nearest || (lane.kind === 'screens' && x < from)) return
      nearest = distance === 0 ? 0.001 : distance
      best = { lane, mark, place }
    })
    return best
  }

  #tickText(t: number): string {
    if (this.mode === 'wall') return timeText(t, this.#started, 'wall').slice(0, 10)
    return `${Number((t / 1000).toFixed(3))} s`
  }

  #sized(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
    const ratio = window.devicePixelRatio || 1
    const [width, height] = [Math.round(this.#width * ratio), Math.round(this.height * ratio)]
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
      canvas.style.width = `${this.#width}px`
      canvas.style.height = `${this.height}px`
    }
    const context = canvas.getContext('2d')
    context?.setTransform(ratio, 0, 0, ratio, 0, 0)
    context?.clearRect(0, 0, this.#width, this.height)
    return context
  }
}
