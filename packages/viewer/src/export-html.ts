import type { EvidenceSource } from '@see/evidence'
import { INDEX_ID, pictureId } from './model/element-ids.ts'
import type { ReportIndex } from './model/report-index.ts'
import { escapedJson } from './page/escape-json.ts'
import { pageTemplate } from './page/template.ts'
import { readCase } from './reading/read-case.ts'

export interface ExportOptions {
  /** The environment; needed where a folder has the evidence of several. */
  readonly identifier?: string | undefined
  /** The relative path from the page to the folder of the evidence; empty where the page is in it. */
  readonly folder?: string
}

/** A page, and what it was made of. */
export interface ExportedPage {
  readonly html: string
  readonly index: ReportIndex
}

/**
 * Makes one page of the evidence of a case, which needs no server, network or other file. What it does not hold, it counts.
 * @throws EvidenceError `EVIDENCE_UNCLEAR`, `EVIDENCE_INVALID`, `EVIDENCE_NEWER` or `EVIDENCE_TOO_LONG`
 */
export async function exportHtml(source: EvidenceSource, options: ExportOptions = {}): Promise<ExportedPage> {
  const [before, after] = await pageTemplate()
  const { index: read, pictures } = await readCase(source, options.identifier)
  const index = { ...read, folder: addressOf(options.folder ?? '') }
  const data = `<script type="application/json" id="${INDEX_ID}">${escapedJson(index)}</script>`
  const images = pictures.map((bytes, number) => {
    const text = Buffer.from(bytes).toString('base64')
    return `<script type="text/plain" id="${pictureId(number)}">${text}</script>`
  })
  return { html: [before, data, ...images, after].join(''), index }
}

/** A relative path as an address, with `/` at its end. */
function addressOf(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '')
  return parts.map((part) => `${encodeURIComponent(part)}/`).join('')
}
