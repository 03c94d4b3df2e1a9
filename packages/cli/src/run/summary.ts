import { relative } from 'node:path'
import { indented, printable, printableLine } from '@see/core'
import type { CommandResult, RunReport } from '@see/runner'
import { exitCodes, type ExitCode } from '@see/runner/exit-codes'

const OUTPUT_LINES = 20
const WARNING_LINES = 12
const FILE_LINES = 12

const words: Record<ExitCode, string> = {
  [exitCodes.done]: 'done',
  [exitCodes.usage]: 'not begun: the configuration is wrong',
  [exitCodes.sandbox]: 'the sandbox failed',
  [exitCodes.hook]: 'a hook failed, or evidence was lost',
  [exitCodes.deadline]: 'the deadline was reached',
  [exitCodes.interrupted]: 'interrupted',
}

/** What came of a run, for people. */
export function summaryOf(report: RunReport): string {
  const sections = [
    [`Run ${report.identifier}: ${words[report.exit_code]} (${report.events} events)`],
    sampleLines(report),
    isolationLines(report),
    ...report.commands.map(commandLines),
    guestLines(report),
    failureLines(report),
    limitLines(report),
    warningLines(report),
    evidenceLines(report),
  ]
  return `\n${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')}`
}

function sampleLines({ sample }: RunReport): string[] {
  if (sample === null) return []
  const { path, is, entry, entry_is: entryIs, left_out: leftOut } = sample
  const inside = entry === null ? [] : [`  ${entry}: ${entryIs}`]
  const links = leftOut === 0 ? [] : [`  ${leftOut} links or special files in it were left out`]
  return [`Given ${path}: ${is}`, ...inside, ...links].map(printableLine)
}

function isolationLines({ isolation }: RunReport): string[] {
  if (isolation === null) return []
  const { unprobed, from, reached, missed, unproved, duration_ms: durationMs } = isolation
  if (unprobed !== null) return [printableLine(`Isolated from: not verified: ${unprobed}`)]
  const seconds = (durationMs / 1000).toFixed(1)
  const not = unproved.length === 0 ? '' : `; not provable here: ${unproved.join(', ')}`
  const broken = [
    ...(reached.length === 0 ? [] : [`  reached though forbidden: ${reached.join(', ')}`]),
    ...(missed.length === 0 ? [] : [`  not reached though allowed: ${missed.join(', ')}`]),
  ]
  return [
    `Isolated from: ${from.length === 0 ? 'nothing' : from.join(', ')} (verified in ${seconds} s${not})`,
    ...broken,
  ]
}

function commandLines(result: CommandResult): string[] {
  const what = result.sample === null ? `Command ${result.command}` : `Sample ${result.sample}`
  return [
    `${printableLine(what)}: ${endOf(result)}`,
    ...outputLines('stdout', result.stdout),
    ...outputLines('stderr', result.stderr),
  ]
}

function endOf({
  status,
  exit_code: exitCode,
  signal,
  duration_ms: durationMs,
  error,
}: CommandResult): string {
  const time = durationMs === null ? '' : ` after ${(durationMs / 1000).toFixed(1)} s`
  if (status === 'finished')
    return signal === null ? `exit code ${exitCode}${time}` : `ended by signal ${signal}${time}`
  return printableLine(error ?? status)
}

function outputLines(stream: string, output: string): string[] {
  if (output === '') return []
  const lines = printable(output).replace(/\n$/, '').split('\n')
  const more = lines.length > OUTPUT_LINES ? [`  ${stream}: … ${lines.length - OUTPUT_LINES} lines more`] : []
  return [...lines.slice(0, OUTPUT_LINES).map((line) => `  ${stream}: ${line}`), ...more]
}

function failureLines({ failures }: RunReport): string[] {
  if (failures.length === 0) return []
  const lines = failures.map(({ event, handler, message }) => `  ${event}: ${handler}: ${message}`)
  return ['Handlers that failed', ...lines.map((line) => indented(line, 6))]
}

function guestLines({ guest }: RunReport): string[] {
  const ends = guest.ended.map(({ reason, detail }) => `  ${reason.replace('_', ' ')}: ${detail}`)
  const { reboots } = guest
  const rebooted = reboots === 0 ? [] : [`  rebooted ${reboots === 1 ? 'once' : `${reboots} times`}`]
  if (ends.length + rebooted.length === 0) return []
  return ['The guest, without a request', ...rebooted, ...ends.map(printable)]
}

function limitLines({ limits }: RunReport): string[] {
  if (limits.length === 0) return []
  const shown = limits
    .slice(0, WARNING_LINES)
    .map(({ limit, detail }) => `  ${limit}: ${printableLine(detail)}`)
  const more = limits.length > WARNING_LINES ? [`  … ${limits.length - WARNING_LINES} more in run.json`] : []
  return ['Limits that were reached', ...shown, ...more]
}

function warningLines({ warnings }: RunReport): string[] {
  if (warnings.length === 0) return []
  const lines = warnings
    .slice(0, WARNING_LINES)
    .map(({ what, why, limits }) => `  ${what}: ${why}${limits === null ? '' : ` (${limits})`}`)
  const more =
    warnings.length > WARNING_LINES ? [`  … ${warnings.length - WARNING_LINES} more in run.json`] : []
  return ['Evidence lacks', ...lines.map((line) => indented(line, 6)), ...more]
}

function evidenceLines({ results_folder: folder, files, files_omitted: omitted }: RunReport): string[] {
  if (folder === null) return []
  const relativePath = relative(process.cwd(), folder)
  const place = printableLine(relativePath.startsWith('..') ? folder : relativePath)
  const more = files.length - FILE_LINES + omitted
  return [
    `Evidence in ${place}/`,
    ...files
      .slice(0, FILE_LINES)
      .map(({ path, bytes }) => `  ${sizeOf(bytes).padStart(9)}  ${printableLine(path)}`),
    ...(more > 0 ? [`  ${''.padStart(9)}  … ${more} more files`] : []),
    `  ${''.padStart(9)}  run.json`,
  ]
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
