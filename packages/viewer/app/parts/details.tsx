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
  if (row === null) return <Legend />
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

const ROLES = [
  ['see', 'SEE: events, screens'],
  ['hook', 'hooks'],
  ['guest', 'the guest: commands, packets, files'],
  ['finding', 'found: YARA'],
  ['bad', 'failed'],
] as const

const KEYS = [
  ['/', 'search'],
  ['[ ]', 'previous, next event'],
  ['↑ ↓', 'rows'],
  ['← →', 'cursor'],
  ['z', 'zoom into the range'],
  ['Esc', 'back'],
] as const

/** What the colours and keys are, until a row is selected. */
function Legend() {
  return (
    <aside class="details legend" aria-label="Details" tabIndex={0}>
      <p>Select a row, or a mark on the axis. Drag on the axis to select a range.</p>
      <dl>
        {ROLES.map(([role, text]) => (
          <div key={role}>
            <dt>
              <i class={role} />
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
        {KEYS.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
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
