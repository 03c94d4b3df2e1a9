import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'

const files = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8').replaceAll(/^```[^]*?^```$/gm, '')
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  return Array.from(textOf(file).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    const kept = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    return kept.replaceAll(' ', '-')
  })
}

const links = files.flatMap((file) =>
  Array.from(textOf(file).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g), ([, link = '']) => [file, link] as const),
)

test('links are found', () => {
  expect(links.length).toBeGreaterThan(50)
})

test.each(links)('%s: %s leads somewhere', (file, link) => {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path)
  expect(existsSync(join(root, target)), target).toBe(true)
  if (anchor === undefined) return
  const document = statSync(join(root, target)).isDirectory() ? join(target, 'README.md') : target
  expect(anchorsOf(document)).toContain(anchor)
})
