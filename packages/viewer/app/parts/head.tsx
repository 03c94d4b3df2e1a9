import type { IsolationHead, ReportIndex, SampleHead } from '../../src/model/report-index.ts'
import { countText, durationText } from '../text/format.ts'
import { Text } from '../text/text.tsx'
import { verdictOf } from './verdict.ts'

/** What ran, how it ended, and whether the evidence can be trusted. */
export function Head({ index }: { readonly index: ReportIndex }) {
  const { head, isolation } = index
  const verdict = verdictOf(index)
  return (
    <header class="head">
      <h1>
        <span class={`badge ${verdict.tone}`}>{verdict.word}</span>
        <Text value={verdict.subject} />
        <span class="rest">
          <Text value={verdict.rest} />
        </span>
      </h1>
      <p class="facts">
        {head?.sample != null && <Text value={sampleText(head.sample)} />}
        {head?.sample?.sha256 != null && (
          <span>
            SHA-256 <code>{head.sample.sha256}</code>
          </span>
        )}
        <span>{isolation === null ? 'isolation: not probed' : isolationText(isolation)}</span>
        {index.version !== null && (
          <span>
            {new Date(index.started).toISOString().replace('T', ' ').slice(0, 19)} UTC ·{' '}
            {durationText(index.duration)} · {countText(index.events.length, 'event')}
          </span>
        )}
        {index.identifier !== '' && (
          <span>
            case{' '}
            <code>
              <Text value={index.identifier} />
            </code>
          </span>
        )}
      </p>
    </header>
  )
}

/** What the sample is, which file of it was run, and with which words. */
function sampleText({ is, entry, arguments: words }: SampleHead): string {
  const run = [...(entry === null ? [] : [entry]), ...words].join(' ')
  return run === '' ? is : `${is}: ${run}`
}

function isolationText({ unprobed, from, reached, missed, unproved }: IsolationHead) {
  if (unprobed !== null) {
    return (
      <b class="bad">
        isolation: not verified: <Text value={unprobed} />
      </b>
    )
  }
  return (
    <>
      isolated from <Text value={from.length === 0 ? 'nothing' : from.join(', ')} />
      {reached.length > 0 && (
        <b class="bad">
          {' '}
          reached though forbidden: <Text value={reached.join(', ')} />
        </b>
      )}
      {missed.length > 0 && (
        <b class="bad">
          {' '}
          not reached though allowed: <Text value={missed.join(', ')} />
        </b>
      )}
      {unproved.length > 0 && (
        <>
          {' '}
          (not proved: <Text value={unproved.join(', ')} />)
        </>
      )}
    </>
  )
}
