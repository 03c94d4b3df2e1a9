import type { ReportIndex } from '../../src/model/report-index.ts'
import { pictureAddress } from '../read-index.ts'
import type { TableRow } from '../table/row.ts'
import { Text } from '../text/text.tsx'

interface Props {
  readonly row: TableRow | null
  readonly index: ReportIndex
}

/** All of one row, with the way to its proof. */
export function Details({ row, index }: Props) {
  if (row === null)
    return (
      <aside class="details empty" aria-label="Details">
        Select a row, or a mark on the axis.
      </aside>
    )
  const file = row.file === null ? undefined : index.files[row.file]
  return (
    <aside class="details" aria-label="Details" tabIndex={0}>
      {typeof row.picture === 'number' && (
        <img src={pictureAddress(row.picture)} alt="The screen of the guest" />
      )}
      <dl>
        {row.details.map(({ label, text, block = false }, at) => (
          <div key={at} class={block ? 'block' : ''}>
            <dt>{label}</dt>
            <dd>
              {block ? (
                <pre tabIndex={0}>
                  <Text value={text} lines />
                </pre>
              ) : (
                <Text value={text} />
              )}
            </dd>
          </div>
        ))}
        {file !== undefined && (
          <div>
            <dt>proof</dt>
            <dd class="mono">
              <FileLink index={index} place={row.file ?? -1} />
              {file.sha256 !== null && <small>SHA-256 {file.sha256}</small>}
            </dd>
          </div>
        )}
      </dl>
    </aside>
  )
}

/** A link to a file beside the page; one that a browser might run is only named. */
function FileLink({ index, place }: { readonly index: ReportIndex; readonly place: number }) {
  const file = index.files[place]
  if (file === undefined) return null
  if (!file.linked) return <Text value={file.path} />
  const address = file.path.split('/').map(encodeURIComponent).join('/')
  return (
    <a href={`./${index.folder}${address}`} target="_blank" rel="noreferrer noopener">
      <Text value={file.path} />
    </a>
  )
}
