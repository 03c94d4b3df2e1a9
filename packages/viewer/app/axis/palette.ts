import type { MarkTone } from './lane.ts'

export interface Palette {
  readonly tones: Readonly<Record<MarkTone, string>>
  readonly text: string
  readonly muted: string
  readonly line: string
  readonly range: string
  readonly shade: string
  readonly cursor: string
  readonly onMark: string
}

/** The colours of the style sheet, for a canvas. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element)
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    tones: {
      see: color('see'),
      hook: color('hook'),
      guest: color('guest'),
      finding: color('finding'),
      bad: color('bad'),
    },
    text: color('text'),
    muted: color('muted'),
    line: color('line'),
    range: color('range'),
    shade: color('shade'),
    cursor: color('accent'),
    onMark: color('on-mark'),
  }
}
