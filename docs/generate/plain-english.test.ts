import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describePhrase, phrasesIn } from './plain-english.ts'
import { phrasesLeft, roomOf } from './phrases-left.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
/** The list itself, its test, what is made by others, what a run left, and binary files. */
const NOT_READ =
  /^packages\/evidence\/fixtures\/|(?:^|\/)(?:LICENSE|NOTICE|package-lock\.json|word-list\.ts|guest\/root\/etc\/passwd|plain-english(?:\.test)?\.ts)$|\.gen\.ts$|\.(?:png|gz|bin|raw|qcow2|hive|pcap|xml|vmdk|vdi)$/

const files = execFileSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => !NOT_READ.test(file))

const found = files.flatMap((file) => phrasesIn(file, readFileSync(join(repository, file), 'utf8')))

function foundIn(file: string, text: string): (string | number)[][] {
  return phrasesIn(file, text).map(({ line, phrase, audience }) => [line, phrase, audience])
}

test('a document: a phrase across lines is found, code is not compared', () => {
  expect(foundIn('a.md', 'One.\nThe file is\nto be read; `nobody`.')).toEqual([[2, 'is to be', 'users']])
})

test('a source: comments, strings, templates and joined strings are searched, and nothing else', () => {
  const source = `
const nobody = 1 // nobody
/**
 * What is
 * to be done.
 */
const text = 'is ' + 'to be' + \`\${nobody} anew \${'for ever'} at once\`
// A comment, and its next line: as far
// as this. Of the file.
`
  expect(foundIn('a.ts', source)).toEqual(
    expect.arrayContaining([
      [2, 'nobody', 'developers'],
      [4, 'is to be', 'developers'],
      [7, 'is to be', 'users'],
      [7, 'anew', 'users'],
      [7, 'for ever', 'users'],
      [7, 'at once', 'users'],
      [8, 'as far as', 'developers'],
      [9, 'Of', 'developers'],
    ]),
  )
  expect(foundIn('a.ts', source)).toHaveLength(8)
  expect(foundIn('a.test.ts', "test('nobody')")).toEqual([[1, 'nobody', 'developers']])
})

test('what is right is not found', () => {
  const text =
    'Tell them apart. What it tells apart. Out of the file. Too large, too. a lot to be done; say what it is'
  expect(foundIn('a.md', text)).toEqual([[1, ', too', 'users']])
})

test('what users read is in plain English', () => {
  expect(found.filter(({ audience }) => audience === 'users').map(describePhrase)).toEqual([])
})

const left = found.filter(({ audience }) => audience === 'developers')
const rooms = new Set([...left.map(({ file }) => roomOf(file)), ...Object.keys(phrasesLeft)])

test.each([...rooms].toSorted())(
  '%s: its comments and test titles have no more such phrases than are listed; lower a number that is too high',
  (room) => {
    const here = left.filter(({ file }) => roomOf(file) === room).map(describePhrase)
    expect(here.length, here.join('\n')).toBe(phrasesLeft[room] ?? 0)
  },
)
