import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ReportIndex } from '../../src/model/report-index.ts'
import { pictureAddress } from '../read-index.ts'
import type { TabId } from '../table/row.ts'
import { durationText, timeText, type TimeMode } from '../text/format.ts'
import { Text } from '../text/text.tsx'
import { AxisCanvas, type Hit, type Range } from './axis-canvas.ts'
import { laneHeight } from './lane.ts'
import { lanesOf } from './lanes.ts'
import { readoutAt } from './readout.ts'

interface Props {
  readonly index: ReportIndex
  readonly mode: TimeMode
  readonly theme: string
  readonly view: Range
  readonly range: Range | null
  readonly cursor: number | null
  readonly onRange: (range: Range | null) => void
  readonly onCursor: (t: number | null) => void
  readonly onPick: (tab: TabId, t: number) => void
}

interface Tip extends Hit {
  readonly x: number
  readonly y: number
}

/** The time axis: a drag selects a range, a click picks what is there. */
export function Axis({ index, mode, theme, view, range, cursor, onRange, onCursor, onPick }: Props) {
  const lanes = useMemo(() => lanesOf(index), [index])
  const base = useRef<HTMLCanvasElement>(null)
  const over = useRef<HTMLCanvasElement>(null)
  const place = useRef<HTMLDivElement>(null)
  const axis = useRef<AxisCanvas | undefined>(undefined)
  const drag = useRef<number | null>(null)
  const [tip, setTip] = useState<Tip | null>(null)

  useEffect(() => {
    if (base.current === null || over.current === null || place.current === null) return undefined
    const canvases = { base: base.current, over: over.current }
    const made = new AxisCanvas(canvases, { lanes, view, started: index.started })
    axis.current = made
    const element = place.current
    const observer = new ResizeObserver(() => made.resize(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [lanes])
  useEffect(() => {
    const { current } = axis
    if (current === undefined) return
    Object.assign(current, { view, mode })
    current.draw()
  }, [view, mode, theme])
  useEffect(() => {
    const { current } = axis
    if (current === undefined) return
    Object.assign(current, { range, cursor })
    current.drawOver()
  }, [range, cursor])

  const at = (event: PointerEvent): { readonly x: number; readonly y: number; readonly t: number } => {
    const box = place.current?.getBoundingClientRect()
    const [x, y] = [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)]
    return { x, y, t: axis.current?.timeAt(x) ?? 0 }
  }
  const move = (event: PointerEvent): void => {
    const { x, y, t } = at(event)
    onCursor(t)
    if (drag.current !== null && Math.abs(t - drag.current) > (view[1] - view[0]) / 300) {
      onRange(ordered(drag.current, t))
    }
    const hit = drag.current === null ? axis.current?.hit(x, y) : undefined
    setTip(hit === undefined ? null : { ...hit, x: event.clientX, y: event.clientY })
  }
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    drag.current = at(event).t
    place.current?.setPointerCapture(event.pointerId)
  }
  const up = (event: PointerEvent): void => {
    const { x, y, t } = at(event)
    const began = drag.current
    drag.current = null
    if (began === null || Math.abs(t - began) > (view[1] - view[0]) / 300) return
    const hit = axis.current?.hit(x, y)
    if (hit !== undefined) onPick(hit.lane.tab, hit.mark.t)
    else onRange(null)
  }
  const height = 22 + lanes.reduce((sum, lane) => sum + laneHeight(lane), 0)
  return (
    <section class="axis" aria-label="Time axis">
      <div class="lanes">
        <div class="names" aria-hidden="true">
          {lanes.map((lane) => (
            <div
              class={`name ${laneHeight(lane) < 40 ? 'short' : ''}`}
              style={{ height: `${laneHeight(lane)}px` }}
              key={lane.name}
            >
              <span>{lane.name}</span>
              {(lane.marks.length > 0 || lane.values !== undefined) && (
                <small>{cursor === null ? '' : <Text value={readoutAt(lane, cursor)} />}</small>
              )}
            </div>
          ))}
        </div>
        <div
          class="canvas"
          ref={place}
          style={{ height: `${height}px` }}
          onPointerMove={move}
          onPointerDown={down}
          onPointerUp={up}
          onPointerLeave={() => setTip(null)}
        >
          <canvas
            ref={base}
            role="img"
            aria-label={`${lanes.length} lanes over ${durationText(index.duration)}; the tables below hold the same`}
          />
          <canvas ref={over} class="over" aria-hidden="true" />
          {tip !== null && <TipBox tip={tip} started={index.started} mode={mode} />}
        </div>
      </div>
    </section>
  )
}

interface TipProps {
  readonly tip: Tip
  readonly started: number
  readonly mode: TimeMode
}

function TipBox({ tip, started, mode }: TipProps) {
  const { mark, lane, place, x, y } = tip
  const picture = lane.pictures?.[place] ?? null
  const took =
    mark.end > mark.t ? ` · ${mark.open === true ? 'no end known' : durationText(mark.end - mark.t)}` : ''
  return (
    <div
      class={`tip ${x > innerWidth / 2 ? 'left' : ''}`}
      style={{ left: `${x + 14}px`, top: `${y + 14}px` }}
    >
      <b>
        <Text value={mark.label.slice(0, 300)} />
      </b>
      <div>
        {timeText(mark.t, started, mode)}
        {mode === 'relative' ? ' s' : ''}
        {took}
      </div>
      {picture !== null && <img src={pictureAddress(picture)} alt="" />}
    </div>
  )
}

function ordered(one: number, other: number): Range {
  return one < other ? [one, other] : [other, one]
}
