import { join } from 'node:path'
import { recogniseSample, type SampleKind, SeeError } from '@see/core'

const SHOWN = 8

/** The files of a folder that can be run, on Linux or elsewhere. */
export async function programsIn(folder: string, files: readonly string[]): Promise<string[]> {
  const programs: string[] = []
  for (const file of files) {
    if (isProgram(await recogniseSample(join(folder, file)), file)) programs.push(file)
  }
  return programs
}

function isProgram(kind: SampleKind, name: string): boolean {
  if (kind.kind === 'elf') return kind.elf.type === 'program'
  if (kind.kind === 'text') return /\.(ba)?sh$/.test(name)
  return kind.kind === 'script' || (kind.kind === 'foreign' && /program|script/.test(kind.format))
}

/** For a folder or an archive of which it is not known what is run. */
export function severalFiles(files: readonly string[], programs: readonly string[]): SeeError {
  const listed = programs.length === 0 ? files : programs
  const names = listed.slice(0, SHOWN).map((name) => JSON.stringify(name.slice(0, 100)))
  const more = listed.length > SHOWN ? ` and ${listed.length - SHOWN} more` : ''
  const why =
    programs.length === 0 ? 'none of its files is a program' : `${programs.length} of its files are programs`
  return new SeeError(
    'SAMPLE_UNSUITABLE',
    `which file of the sample is run is not known: ${why} (${names.join(', ')}${more}); name one with --entry, or say by --command what is done with the folder {sample}`,
  )
}
