import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunReport } from '@see/runner'
import { startSee } from '../see-command.ts'
import { sharedTemplate } from '../shared-template.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { HostileProvider, HostileRow, HostileRun } from './hostile-row.ts'
import { measuresIn, measuringOptions } from './measured-node.ts'

const SHUTDOWN_SECONDS = '5'

/** Runs a row by `see run` in a clone of the tiny guest, with a process of SEE that measures itself. */
export async function runHostile(row: HostileRow, provider: HostileProvider): Promise<HostileRun> {
  const folder = temporaryFolder()
  // Guests have users of their own.
  chmodSync(folder, 0o755)
  const resources = await writeResources(folder, row, provider)
  const measures = join(folder, 'measures.json')
  const results = join(folder, 'results')
  const times = ['--runtime', `${row.runtime}`, '--deadline', `${row.deadline}`]
  const words = ['run', resources, ...writeSample(folder, row), ...times, '--results', results]
  const options = ['--shutdown-timeout', SHUTDOWN_SECONDS, ...writeHooks(folder, row), ...(row.options ?? [])]
  const beganAt = performance.now()
  const see = startSee(folder, [...words, ...options], { node: measuringOptions(measures) })
  const { exitCode, out, error } = await see.ended
  const tookMs = performance.now() - beganAt
  if (!existsSync(results)) throw new Error(`nothing was run: ${error}`)
  const [identifier = ''] = readdirSync(results)
  const evidence = join(results, identifier)
  const report: RunReport = JSON.parse(readFileSync(join(evidence, 'run.json'), 'utf8'))
  const read = (end: string): string => {
    const found = readdirSync(evidence).find((name) => name.endsWith(end))
    return found === undefined ? '' : readFileSync(join(evidence, found), 'utf8')
  }
  return { provider, exitCode, report, out, error, tookMs, ...measuresIn(measures), read }
}

async function writeResources(
  folder: string,
  { resources = {}, domain }: HostileRow,
  provider: HostileProvider,
): Promise<string> {
  const clones = await sharedTemplate(provider)
  const guest = JSON.parse(readFileSync(clones, 'utf8'))
  if (provider === 'libvirt') {
    const xml = join(dirname(clones), guest.domain.configuration)
    guest.domain.configuration = xml
    if (domain !== undefined) {
      guest.domain.configuration = join(folder, 'domain.xml')
      writeFileSync(guest.domain.configuration, domain(readFileSync(xml, 'utf8')))
      delete guest.template
    }
  }
  const path = join(folder, 'resources.json')
  const changed = typeof resources === 'function' ? resources(guest) : { ...guest, ...resources }
  writeFileSync(path, JSON.stringify(changed))
  return path
}

/** The words for it on the command line: a folder where there are files beside it. */
function writeSample(folder: string, { script, files = {} }: HostileRow): string[] {
  const sample = join(folder, 'sample')
  mkdirSync(sample)
  writeFileSync(join(sample, 'sample.sh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(sample, name), content, { mode: 0o755 })
  }
  return Object.keys(files).length === 0 ? [join(sample, 'sample.sh')] : [sample, '--entry', 'sample.sh']
}

function writeHooks(folder: string, { hooks }: HostileRow): string[] {
  if (hooks === undefined) return []
  const path = join(folder, 'hooks.json')
  writeFileSync(path, JSON.stringify({ hooks }))
  return ['--hooks', path]
}
