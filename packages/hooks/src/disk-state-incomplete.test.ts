import { expect, test } from 'vitest'
import { checkpointOf, pathsOf } from './testing/changed-disk.ts'
import { diskAnalysis } from './testing/disk-analysis.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

/** Commands of debugfs that make directories in one another, and a file in the last. */
function nested(name: string, levels: number, file: string): string[] {
  const steps = Array.from({ length: levels }, () => [`mkdir ${name}`, `cd ${name}`])
  return ['cd /', ...steps.flat(), `write EVIL ${file}`]
}

test.each([false, true])(
  'files in many directories, or far along a path, are compared, strict %s',
  async (strict) => {
    await using temporary = await temporaryFolder()
    const commands = [...nested('d', 300, 'deep'), ...nested('0'.repeat(200), 25, 'long')]
    await using run = await diskAnalysis(temporary.path, checkpointOf(temporary.path, commands), { strict })
    const report = await run.analyse()
    const files = report.created_files.filter(({ type }) => type === 'file')
    expect(pathsOf(files)).toEqual([`/${'0'.repeat(200)}`.repeat(25) + '/long', `${'/d'.repeat(300)}/deep`])
    expect(report.created_files).toHaveLength(327)
    expect([report.warnings, report.errors]).toEqual([[], []])
  },
)
