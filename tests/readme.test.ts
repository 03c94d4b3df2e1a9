import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { tinyGuest } from './support/tiny-guest.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs the first TypeScript example of a document, in a folder of this repository, and returns what it printed. */
function runExample(document: string, cwd: string): string {
  const [, source = ''] = /```ts\n([^]*?)```/.exec(readFileSync(`${root}${document}`, 'utf8')) ?? []
  const { outputText } = transpileModule(source, {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 },
  })
  const folder = `${root}tests/dist/examples`
  const script = `${folder}/${document.replaceAll(/\W/g, '-')}.mjs`
  mkdirSync(folder, { recursive: true })
  writeFileSync(script, outputText)
  onTestFinished(() => rmSync(script))
  return execFileSync('node', [script], { cwd, encoding: 'utf8', timeout: 120_000 })
}

test('the first example runs as it stands', { timeout: 120_000 }, () => {
  const output = runExample('README.md', tinyGuest())
  expect(output).toMatch(/the guest has the address \d+\.\d+\.\d+\.\d+\nLinux see-guest/)
  expect(output).toMatch(/post_pause, fired by @see\/core#SeeContext\n$/)
})
