export { EvidenceError } from '@see/evidence'
export { exportHtml, type ExportedPage, type ExportOptions } from './export-html.ts'
export type { Head, Omitted, Rate, ReportIndex } from './model/report-index.ts'
