import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'
import { seeHere } from './support/see-command.ts'

const page = join(root, 'packages/cli/man/see.1')

test('the man page is set without a warning', () => {
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-cbou', page], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^SEE\(1\) +User Commands +SEE\(1\)$/m)
})

test.each([
  [['run']],
  [['report']],
  [['template', 'build']],
  [['template', 'rm']],
  [['check']],
  [['completion']],
])(
  'the man page has every argument and option of %j, with its meaning, and what else its help says',
  async (command) => {
    const shown = wordsOf(execFileSync('groff', ['-man', '-Tutf8', '-P-cbou', page], { encoding: 'utf8' }))
    const { out } = await seeHere('/', [...command, '--help'])
    const [, ...parts] = out.split(/^(?:Arguments|Options):\n/m)
    const terms = parts.flatMap((part) => part.split(/\n\n/)[0]?.split(/\n(?=  \S)/) ?? [])
    expect(terms.length).toBeGreaterThan(0)
    for (const term of terms) expect(shown).toContain(wordsOf(term))
    expect(shown).toContain(wordsOf(out.split(/^Options:\n[^]*?\n\n/m)[1] ?? ''))
  },
)

/** The words alone: what is set is broken into lines elsewhere. */
function wordsOf(text: string): string {
  return text.replaceAll('‐', '-').replaceAll(/\s+/g, ' ').trim()
}
