import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'
import { seeHere } from './support/see-command.ts'

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')

/** Blocks and spans of code, in which commands stand. */
function codeIn(text: string): string[] {
  return Array.from(text.matchAll(/^```[^]*?^```$|^ {4}.*$|`[^`\n]+`/gm), ([code]) => code)
}

/** What would be typed without `npx`, which finds the command in a clone and where it is installed. */
function bareIn(text: string): string[] {
  return Array.from(
    text.matchAll(/(?<![\w@/.-]|npx )see (?:run|report|check|template|completion|guest|help)\b.*/g),
    ([all]) => all,
  )
}

test('commands are found', () => {
  expect(bareIn('x; see run a')).toEqual(['see run a'])
  expect(bareIn('npx see run a; https://a/see run')).toEqual([])
})

test.each(documents)('%s: commands are written as npx see', (document) => {
  const text = readFileSync(join(root, document), 'utf8')
  expect(codeIn(text).flatMap(bareIn)).toEqual([])
})

test.each([
  [[]],
  [['run']],
  [['report']],
  [['template']],
  [['template', 'build']],
  [['guest']],
  [['guest', 'build']],
  [['check']],
  [['completion']],
])('the help of %j: commands are written as npx see', async (command) => {
  const { out } = await seeHere('/', [...command, '--help'])
  // How it is called stands first.
  expect(bareIn(out.replace(/^Usage: .*/, ''))).toEqual([])
})
