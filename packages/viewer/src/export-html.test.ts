import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { exportHtml } from './export-html.ts'
import { pageTemplate } from './page/template.ts'
import { fullCase } from './testing/full-case.ts'

const MOST_BYTES = 150_000
const app = fileURLToPath(new URL('../app', import.meta.url))

function elements(html: string): string[] {
  return [...html.matchAll(/<\/?[a-z!][^>]*>/gi)].map(([tag]) => tag)
}

test('the page without data is small', async () => {
  expect(gzipSync((await pageTemplate()).join('')).length).toBeLessThan(MOST_BYTES)
})

test('the page allows its own script and style by their hashes, and nothing else', async () => {
  const [before] = await pageTemplate()
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(before) ?? []
  expect(policy.split('; ').map((part) => part.replaceAll(/'sha256-[^']{44}'/g, 'HASH'))).toEqual([
    "default-src 'none'",
    'script-src HASH',
    'style-src HASH',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ])
})

test('text of the guest changes nothing of the page around it', async () => {
  const { html } = await exportHtml(fullCase())
  const hostile = await exportHtml(fullCase((field) => `${field}</script><img src=x onerror=alert(1)><!--`))
  expect(elements(hostile.html)).toEqual(elements(html))
})

test('a page elsewhere knows the way to the evidence', async () => {
  const { index } = await exportHtml(fullCase(), { folder: '../a b/%2e#c' })
  expect(index.folder).toBe('../a%20b/%252e%23c/')
})

test('what runs in the browser imports preact, d3-scale and the model alone, and makes no HTML of text', () => {
  const sources = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  )
  expect(sources.length).toBeGreaterThan(20)
  for (const path of sources) {
    const text = readFileSync(`${app}/${path}`, 'utf8')
    const imported = [...text.matchAll(/ from '([^']+)'/g)].map(([, name = '']) => name)
    for (const name of imported)
      expect(name, path).toMatch(/^(?:preact(?:\/hooks)?|d3-scale|(?:\.\.?\/)+(?!src\/(?!model\/)).*)$/)
    expect(text, path).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function/)
  }
})
