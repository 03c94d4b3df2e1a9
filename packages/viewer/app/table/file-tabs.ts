import type { ReportIndex } from '../../src/model/report-index.ts'
import type { FileCheck } from '../../src/model/rows.ts'
import { bytesText, shortPath } from '../text/format.ts'
import type { Tab, Tone } from './row.ts'

export function changeTab({ changes, files }: ReportIndex): Tab {
  return {
    id: 'files',
    name: 'Files',
    columns: [
      { name: 'change', width: '6rem' },
      { name: 'path', width: 'minmax(14rem, 4fr)', mono: true },
      { name: 'type', width: 'minmax(8rem, 2fr)' },
      { name: 'size', width: '6.5rem', align: 'right' },
      { name: 'detail', width: 'minmax(8rem, 2fr)' },
      { name: 'SHA-1', width: 'minmax(7rem, 2fr)', mono: true },
    ],
    rows: changes.map((each) => {
      const content = each.content === null ? undefined : files[each.content]
      return {
        t: each.t,
        end: null,
        cells: [each.change, each.path, each.type, bytesText(each.size), each.detail, each.sha1 ?? ''],
        file: each.file,
        details: [
          { label: each.change, text: each.path },
          { label: 'type', text: each.type },
          ...(each.detail === '' ? [] : [{ label: 'detail', text: each.detail }]),
          ...(each.sha1 === null ? [] : [{ label: 'SHA-1', text: each.sha1 }]),
          ...(content === undefined ? [] : [{ label: 'its content', text: content.path }]),
          ...(content?.sha256 === null || content === undefined
            ? []
            : [{ label: 'SHA-256', text: content.sha256 }]),
          ...(each.t === null ? [] : [{ label: 'time', text: 'by the clock of the guest' }]),
        ],
      }
    }),
    empty: 'no disks were compared, or nothing changed',
  }
}

export function registryTab({ registry }: ReportIndex): Tab {
  return {
    id: 'registry',
    name: 'Registry',
    columns: [
      { name: 'change', width: '6rem' },
      { name: 'key', width: 'minmax(14rem, 4fr)', mono: true },
      { name: 'value', width: 'minmax(8rem, 1fr)', mono: true },
      { name: 'data', width: 'minmax(8rem, 2fr)', mono: true },
      { name: 'before', width: 'minmax(8rem, 2fr)', mono: true },
    ],
    rows: registry.map((each) => ({
      t: each.t,
      end: null,
      cells: [each.change, each.key, each.value ?? '', each.data, each.original],
      file: each.file,
      details: [
        { label: each.change, text: each.key },
        ...(each.value === null ? [] : [{ label: 'value', text: each.value }]),
        ...(each.data === '' ? [] : [{ label: 'data', text: each.data, block: true }]),
        ...(each.original === '' ? [] : [{ label: 'before', text: each.original, block: true }]),
      ],
    })),
    empty: 'no registry was compared, or nothing changed',
  }
}

export function matchTab({ matches, identifier }: ReportIndex): Tab {
  return {
    id: 'yara',
    name: 'YARA',
    columns: [
      { name: 'rule', width: 'minmax(10rem, 2fr)' },
      { name: 'in', width: 'minmax(12rem, 3fr)', mono: true },
      { name: 'strings', width: 'minmax(12rem, 4fr)', mono: true },
      { name: 'count', width: '5rem', align: 'right' },
    ],
    rows: matches.map((each) => ({
      t: each.t,
      end: null,
      tone: 'warn',
      cells: [each.rule, shortPath(each.scanned, identifier), each.strings, String(each.count)],
      file: each.file,
      details: [
        { label: 'rule', text: each.rule },
        { label: 'in', text: each.scanned },
        { label: 'strings', text: each.strings, block: true },
      ],
    })),
    empty: 'nothing was scanned, or no rule matched',
  }
}

export function indicatorTab({ indicators }: ReportIndex): Tab {
  return {
    id: 'indicators',
    name: 'Indicators',
    columns: [
      { name: 'kind', width: '7rem' },
      { name: 'value', width: 'minmax(16rem, 5fr)', mono: true },
      { name: 'seen in', width: 'minmax(8rem, 2fr)' },
    ],
    rows: indicators.map(({ kind, value, from }) => ({
      t: null,
      end: null,
      cells: [kind, value, from],
      file: null,
      details: [{ label: kind, text: value }],
    })),
    empty: 'there are none',
  }
}

const CHECKS: Readonly<Record<FileCheck, readonly [text: string, tone: Tone | undefined]>> = {
  same: ['as written', 'good'],
  differs: ['changed since it was written', 'bad'],
  gone: ['not there', 'bad'],
  growing: ['was being written', 'warn'],
  unchecked: ['size as written; too large to hash', undefined],
  unhashed: ['no SHA-256 is known', undefined],
}

export function evidenceTab({ files, identifier }: ReportIndex): Tab {
  return {
    id: 'evidence',
    name: 'Evidence',
    columns: [
      { name: 'kind', width: '10.5rem' },
      { name: 'file', width: 'minmax(13rem, 3fr)', mono: true },
      { name: 'bytes', width: '6.5rem', align: 'right' },
      { name: 'is', width: '11rem' },
      { name: 'written by', width: '9.5rem' },
      { name: 'SHA-256', width: 'minmax(6rem, 3fr)', mono: true },
    ],
    rows: files.map((each, index) => {
      const [text, tone] = CHECKS[each.check]
      return {
        t: each.t,
        end: each.end,
        tone: tone === 'good' ? undefined : tone,
        cells: [
          each.kind,
          shortPath(each.path, identifier),
          bytesText(each.bytes),
          text,
          each.writer,
          each.sha256 ?? '',
        ],
        file: index,
        details: [
          { label: 'file', text: each.path },
          { label: 'bytes', text: each.bytes === null ? 'not known' : each.bytes.toLocaleString('en') },
          { label: 'is', text },
          ...(each.sha256 === null ? [] : [{ label: 'SHA-256', text: each.sha256 }]),
          ...(each.event === null ? [] : [{ label: 'at event', text: each.event }]),
        ],
      }
    }),
    empty: 'there is no evidence',
  }
}
