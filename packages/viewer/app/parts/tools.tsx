import type { RefObject } from 'preact'
import type { Theme } from '../app.tsx'
import type { Range } from '../axis/axis-canvas.ts'
import { durationText, timeText, type TimeMode } from '../text/format.ts'

interface Props {
  readonly mode: TimeMode
  readonly setMode: (mode: TimeMode) => void
  readonly theme: Theme
  readonly setTheme: (theme: Theme) => void
  readonly query: string
  readonly setQuery: (query: string) => void
  readonly search: RefObject<HTMLInputElement | null>
  readonly range: Range | null
  readonly started: number
  readonly zoomed: boolean
  readonly onZoom: () => void
  readonly onWhole: () => void
}

const THEMES = { auto: 'light', light: 'dark', dark: 'auto' } as const

/** Search, the time that is shown, the range, and the colours. */
export function Tools(props: Props) {
  const { mode, theme, query, range, started } = props
  return (
    <div class="tools">
      <div class="buttons">
        <span class="switch" role="group" aria-label="Time">
          {(['relative', 'wall'] as const).map((each) => (
            <button key={each} type="button" aria-pressed={mode === each} onClick={() => props.setMode(each)}>
              {each}
            </button>
          ))}
        </span>
        <button type="button" onClick={() => props.setTheme(THEMES[theme])} aria-label={`Colours: ${theme}`}>
          {theme === 'auto' ? '◐' : theme === 'light' ? '☀' : '☾'}
        </button>
        <input
          ref={props.search}
          type="search"
          placeholder="search  /"
          aria-label="Search in all tables"
          value={query}
          onInput={(event) => props.setQuery(event.currentTarget.value)}
        />
      </div>
      <div class="range" role="status">
        {range !== null && (
          <>
            <span>
              {timeText(range[0], started, mode)} – {timeText(range[1], started, mode)} (
              {durationText(range[1] - range[0])})
            </span>
            <button type="button" onClick={props.onZoom} title="z">
              zoom
            </button>
          </>
        )}
        {(range !== null || props.zoomed) && (
          <button type="button" onClick={props.onWhole} title="Esc">
            all
          </button>
        )}
      </div>
    </div>
  )
}
