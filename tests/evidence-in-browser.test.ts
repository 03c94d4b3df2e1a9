import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'

const entry = join(root, 'packages/evidence/src/index.ts')

/** What a browser that knows nothing of Node would say of these sources. */
function problemsIn(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

test('@see/evidence compiles without the types of Node', () => {
  expect(problemsIn([entry])).toEqual([])
})

test('what needs Node is noticed', () => {
  const problems = problemsIn([join(root, 'packages/evidence/src/testing/folder-in-memory.ts')])
  expect(problems).toContainEqual(expect.stringContaining('node:fs'))
})
