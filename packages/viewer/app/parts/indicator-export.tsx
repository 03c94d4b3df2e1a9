import { useState } from 'preact/hooks'
import type { IndicatorRow } from '../../src/model/rows.ts'
import { indicatorsAsCsv, indicatorsAsJson } from './indicator-files.ts'

/** Takes the indicators in sight along: to the clipboard, as CSV or as JSON. */
export function IndicatorExport({
  rows,
  name,
}: {
  readonly rows: readonly IndicatorRow[]
  readonly name: string
}) {
  const [said, setSaid] = useState('')
  const copy = (): void => {
    navigator.clipboard.writeText(rows.map(({ value }) => value).join('\n')).then(
      () => setSaid('copied'),
      () => setSaid('the browser does not allow it: use CSV'),
    )
  }
  return (
    <span class="export">
      <button type="button" onClick={copy}>
        copy
      </button>
      <button type="button" onClick={() => save(`${name}.csv`, 'text/csv', indicatorsAsCsv(rows))}>
        CSV
      </button>
      <button type="button" onClick={() => save(`${name}.json`, 'application/json', indicatorsAsJson(rows))}>
        JSON
      </button>
      <output>{said}</output>
    </span>
  )
}

function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
