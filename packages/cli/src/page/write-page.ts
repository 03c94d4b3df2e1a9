import { chmod } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { writeEvidence } from '@see/hooks'
import { folderSource } from '@see/runner'
import { type ExportedPage, exportHtml } from '@see/viewer'
import { refuseEvidence } from './page-place.ts'

/** The name of a page in the folder of the evidence. */
export const PAGE = 'report.html'

interface PageOptions {
  readonly folder: string
  /** Where the page goes. */
  readonly out: string
  /** The environment, where the folder has the evidence of several. */
  readonly identifier?: string | undefined
  /** The mode of the page; only its user may read it without one. */
  readonly mode?: number
}

/** Makes the page of a case. */
export async function makePage({ folder, out, identifier }: PageOptions): Promise<ExportedPage> {
  const back = relative(dirname(resolve(out)), resolve(folder))
  return await exportHtml(folderSource(folder), { identifier, folder: back })
}

/**
 * Writes it as a whole, in the place of a page that is there, and of nothing else.
 * @throws SeeError `RESULTS_LOST` or `RESULTS_UNWRITABLE`
 */
export async function writePage(
  { html, index }: ExportedPage,
  { folder, out, mode }: PageOptions,
): Promise<void> {
  await refuseEvidence(out, folder, index)
  await writeEvidence(out, html)
  if (mode !== undefined) await chmod(out, mode)
}
