import { INDEX_ID, pictureId } from '../src/model/element-ids.ts'
import type { ReportIndex } from '../src/model/report-index.ts'

/** What was put into this page; it was written by `exportHtml` of the same version. */
export function readIndex(): ReportIndex {
  const index: ReportIndex = JSON.parse(document.getElementById(INDEX_ID)?.textContent ?? '')
  return index
}

/** The address of a picture that is in this page. */
export function pictureAddress(number: number): string {
  return `data:image/png;base64,${document.getElementById(pictureId(number))?.textContent ?? ''}`
}
