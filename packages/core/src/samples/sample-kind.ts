import type { Elf } from './elf.ts'
import type { SampleKind } from './read-sample-kind.ts'

export type { SampleKind } from './read-sample-kind.ts'

const SHOWN_LIBRARIES = 12

/**
 * Recognises a file or folder of this host by what it begins with; nothing of it is run, and no other program reads it.
 * @throws SeeError `FILE_UNREADABLE` for what is missing, cannot be read or is neither
 */
export async function recogniseSample(path: string): Promise<SampleKind> {
  const { readSampleKind } = await import('./read-sample-kind.ts')
  return await readSampleKind(path)
}

/** For people: "ELF program for x86-64, needs libc.so.6". */
export function describeSample(sample: SampleKind): string {
  if (sample.kind === 'elf') return describeElf(sample.elf)
  if (sample.kind === 'archive')
    return sample.format === 'iso' ? 'image of a disc' : `${sample.format} archive`
  if (sample.kind === 'script') return `script of ${sample.interpreter}`
  if (sample.kind === 'foreign') return sample.format
  return sample.kind === 'text' ? 'text, which a shell runs' : 'folder'
}

const elfTypes: Readonly<Record<Elf['type'], string>> = {
  program: 'program',
  shared: 'library',
  object: 'object file',
  core: 'core dump',
  unknown: 'file',
}

function describeElf({ type, bits, machine, needed }: Elf): string {
  const names = needed.slice(0, SHOWN_LIBRARIES).map((name) => name.slice(0, 60))
  const more = needed.length > SHOWN_LIBRARIES ? ` and ${needed.length - SHOWN_LIBRARIES} more` : ''
  const libraries = needed.length === 0 ? '' : `, needs ${names.join(', ')}${more}`
  return `ELF ${elfTypes[type]} for ${machine}, ${bits} bits${libraries}`
}
