import { AxisCanvas } from './axis-canvas.ts'
import type { Lane } from './lane.ts'

/** Pixels, as wide as a page of A4 between its margins, less the names. */
const WIDTH = 620

/** Draws the whole axis once. Pictures that were not decoded yet are left out. */
export function printAxis(
  canvas: HTMLCanvasElement,
  lanes: readonly Lane[],
  { started, duration }: { readonly started: number; readonly duration: number },
): void {
  const over = document.createElement('canvas')
  const view = [0, Math.max(1, duration * 1.01)] as const
  new AxisCanvas({ base: canvas, over }, { lanes, view, started }).resize(WIDTH)
}
