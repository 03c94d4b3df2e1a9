import { readdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { printableJson, printableLine, SeeError } from '@see/core'
import { type ExitCode, exitCodes } from '@see/runner/exit-codes'
import { EvidenceError, type ExportedPage } from '@see/viewer'
import { pagePlace } from '../page/page-place.ts'
import { makePage, PAGE, writePage } from '../page/write-page.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { evidenceFolder, runsIn } from './evidence-folder.ts'

export interface ReportOptions {
  /** The folder of the evidence; the newest run without it. */
  readonly dir?: string | undefined
  readonly out?: string | undefined
  readonly identifier?: string | undefined
  readonly json: boolean
}

/** Lines on what is missing that are shown. */
const MOST_LINES = 12

/** Carries out `see report`. */
export async function report(options: ReportOptions, terminal: Terminal): Promise<ExitCode> {
  const { identifier, json } = options
  if (identifier !== undefined && /[\\/]/.test(identifier)) {
    throw new SeeError(
      'FILE_UNREADABLE',
      `${identifier} is no environment: it has a separator of paths in it`,
    )
  }
  const folder = await evidenceFolder(options.dir)
  const out = await pagePlace(options.out ?? join(folder, nameOf(identifier)))
  const page = await pageOf({ folder, identifier, out })
  if (identifier !== undefined) await refuseOther(page, folder, identifier)
  await writePage(page, { folder, out })
  terminal.out.write(json ? `${printableJson(document(page, folder, out), 2)}\n` : linesOf(page, out))
  return exitCodes.done
}

/** Environments that share a folder do not overwrite one another's pages. */
function nameOf(identifier: string | undefined): string {
  return identifier === undefined ? PAGE : `${identifier}_report.html`
}

/** @throws SeeError `FILE_UNREADABLE` where the folder has other environments, or none */
async function refuseOther({ index }: ExportedPage, folder: string, identifier: string): Promise<void> {
  if (index.version === 2) return
  const known = await environmentsIn(folder)
  if (index.version === 1 && (known.length === 0 || known.includes(identifier))) return
  const there = known.length === 0 ? 'it has none' : `it has ${known.slice(0, 10).join(', ')}`
  throw new SeeError('FILE_UNREADABLE', `${folder} has no environment ${identifier}: ${there}`)
}

/** By the names of files, and by what a manifest or `run.json` says. */
async function environmentsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).flatMap(
    (name) => /^(.+)_(?:manifest\.json|timeline\.jsonl)$/.exec(name)?.[1] ?? [],
  )
  const only = await makePage({ folder, out: join(folder, PAGE) }).catch(() => undefined)
  return [...new Set([...names, only?.index.identifier ?? ''])].filter((name) => name !== '')
}

async function pageOf(options: Parameters<typeof makePage>[0]): Promise<ExportedPage> {
  const { folder } = options
  const page = await makePage(options).catch((error: unknown) => {
    if (!(error instanceof EvidenceError)) throw error
    const advice = error.code === 'EVIDENCE_UNCLEAR' ? ' with --environment' : ''
    throw new SeeError('FILE_UNREADABLE', `${folder}: ${error.message}${advice}`, { cause: error })
  })
  if (page.index.version === null) {
    const [run, ...others] = await runsIn(folder)
    if (run !== undefined) {
      const count = others.length + 1
      const message = `${folder} is no evidence of a run, but has that of ${count} in it: name one, such as ${run.path}`
      throw new SeeError('FILE_UNREADABLE', message)
    }
  }
  return page
}

function document({ html, index }: ExportedPage, folder: string, out: string) {
  const { identifier, events, files, missing, omitted } = index
  return {
    ok: true,
    page: out,
    bytes: Buffer.byteLength(html),
    folder: resolve(folder),
    identifier: identifier === '' ? null : identifier,
    events: events.length,
    files: files.length,
    missing,
    omitted,
  }
}

function linesOf({ html, index }: ExportedPage, out: string): string {
  const { identifier, missing, omitted } = index
  const kib = (Buffer.byteLength(html) / 1024).toFixed(0)
  const shown = missing.slice(0, MOST_LINES).map((each) => `  missing: ${each}`)
  const more = missing.length > MOST_LINES ? [`  … ${missing.length - MOST_LINES} more in the page`] : []
  const left = omitted.map(({ what, count }) => `  left out: ${count} ${what}`)
  const what = identifier === '' ? 'Report without evidence' : `Report of ${identifier}`
  const place = relative(process.cwd(), out)
  const path = place.startsWith('..') ? out : place
  return [`${what} in ${path} (${kib} KiB)`, ...shown, ...more, ...left]
    .map((line) => `${printableLine(line)}\n`)
    .join('')
}
