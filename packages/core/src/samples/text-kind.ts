import { extname } from 'node:path'
import type { Foreign } from './magic.ts'

/** Programs that run source text of these extensions. */
const interpreters: Readonly<Record<string, string>> = {
  '.py': 'python3',
  '.pl': 'perl',
  '.rb': 'ruby',
  '.php': 'php',
  '.js': 'node',
  '.mjs': 'node',
  '.lua': 'lua',
  '.tcl': 'tclsh',
  '.ps1': 'pwsh',
  '.awk': 'awk',
}

const WINDOWS_SCRIPTS = /^\.(bat|cmd|vbs|vbe|jse|wsf|hta|reg|url|inf|scr|lnk|iqy)$/
const DOCUMENTS =
  /^\.(txt|md|html?|mht|svg|xml|json|csv|eml|rtf|log|ya?ml|ini|cfg|conf|css|tex|toml|asc|pem|c|h|cpp|java|go|rs|ts)$/

/** Text that something other than a shell is meant to read. */
export type TextKind =
  /** `startsItself` where its first line names the interpreter. */
  | { readonly kind: 'script'; readonly interpreter: string; readonly startsItself: boolean }
  | ({ readonly kind: 'foreign' } & Foreign)
  | { readonly kind: 'text' }

/** How to run a text: as its first line says, else its extension; else a shell may run it. */
export function textKind(start: Buffer, name: string): TextKind {
  const own = interpreterIn(start)
  if (own !== undefined) return { kind: 'script', interpreter: own, startsItself: true }
  const extension = extname(name).toLowerCase()
  const interpreter = interpreters[extension]
  if (interpreter !== undefined) return { kind: 'script', interpreter, startsItself: false }
  if (WINDOWS_SCRIPTS.test(extension)) {
    return { kind: 'foreign', format: `Windows script (${extension})`, needs: 'Windows' }
  }
  if (DOCUMENTS.test(extension) || /^\s*<(!doctype|html|\?xml)/i.test(start.toString('latin1', 0, 512))) {
    return { kind: 'foreign', format: 'text document', needs: 'a program that reads it' }
  }
  return { kind: 'text' }
}

/** The program of a `#!` line; of `env`, the one that it looks for. */
function interpreterIn(start: Buffer): string | undefined {
  const line = /^#![ \t]*([^\r\n]*)/.exec(start.toString('utf8', 0, 512))?.[1]
  const [program, ...words] = line?.split(/[ \t]+/) ?? []
  if (program === undefined || program === '') return undefined
  if (!/(^|\/)env$/.test(program)) return program
  return words.find((word) => !word.startsWith('-') && !word.includes('='))
}
