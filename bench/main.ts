import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { plot } from './plot.ts'
import { runInterleaved } from './run-interleaved.ts'
import { scenarios } from './scenarios/index.ts'
import { rounded, summaryOf } from './summary.ts'

// One table of all scenarios, or of those that are named, from one interleaved run; JSON and SVG beside.

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
})
const all = scenarios()
const unknown = positionals.find((name) => all.every((scenario) => scenario.name !== name))
const rounds = Number(options.rounds)
if (unknown !== undefined || !Number.isSafeInteger(rounds) || rounds < 1) {
  const names = all.map(({ name }) => name).join(', ')
  console.error(`usage: npm run bench -- [--rounds N] [SCENARIO...]; scenarios: ${names}`)
  process.exit(1)
}
const wanted = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const began = new Date()
const interrupted = new AbortController()
process.once('SIGINT', () => {
  console.error(
    '\nending after the current measurement, and removing everything; once more to stop immediately',
  )
  interrupted.abort()
})
const measured = await runInterleaved(wanted, rounds, interrupted.signal)
if (interrupted.signal.aborted) process.exit(130)
const lines = summaryOf(measured)
console.table(
  lines.map(({ what, median, unit, least, most, against, ratio, promise }) => ({
    what,
    median: rounded(median),
    unit,
    least: rounded(least),
    most: rounded(most),
    ratio: ratio === undefined ? '' : `${rounded(ratio)} of "${against}"`,
    promise,
  })),
)

const stamp = began.toISOString().replaceAll(/[:.]/g, '-')
const folder = join(fileURLToPath(new URL('..', import.meta.url)), 'results', stamp)
mkdirSync(folder, { recursive: true })
const host = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model, memoryBytes: totalmem() }
const results = { began, ended: new Date(), rounds, host, lines, measured }
writeFileSync(join(folder, 'results.json'), JSON.stringify(results, undefined, 2))
for (const [file, unit, title] of [
  ['times.svg', 'ms', 'Milliseconds: less is better'],
  ['rates.svg', '/s', 'A second: more is better'],
  ['memory.svg', 'MiB', 'Mebibytes of each: less is better'],
] as const) {
  const ofUnit = lines.filter((line) => line.unit === unit)
  if (ofUnit.length > 0) writeFileSync(join(folder, file), plot(title, ofUnit))
}
console.log(`results and plots: ${folder}`)
