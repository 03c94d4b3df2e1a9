import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, blocksOf, root } from './documents.ts'

/** A command block of a document, what it said, and what the document says that it says. */
export interface Ran {
  readonly script: string
  readonly output: string
  readonly shown: readonly string[]
}

/** The commands of a document, run by one shell, one block after the other, as a reader would. */
export class TutorialRun implements Disposable {
  readonly ran: readonly Ran[]
  /** The folder of each of its `see run`s, in their order. */
  readonly folders: readonly string[]
  /** Stands in the environment of every process that the commands started. */
  readonly mark: string
  /** Where the commands had their temporary files. */
  readonly temporary: string
  readonly #results: string
  readonly #madeResults: boolean

  private constructor(
    run: Pick<TutorialRun, 'ran' | 'folders' | 'mark' | 'temporary'>,
    results: string,
    madeResults: boolean,
  ) {
    this.ran = run.ran
    this.folders = run.folders
    this.mark = run.mark
    this.temporary = run.temporary
    this.#results = results
    this.#madeResults = madeResults
  }

  static async of(document: string, timeoutMs: number): Promise<TutorialRun> {
    const results = join(root, 'results')
    const hadResults = existsSync(results)
    const before = new Set(hadResults ? readdirSync(results) : [])
    const temporary = mkdtempSync(join(tmpdir(), 'see-tutorial-'))
    const mark = randomUUID()
    const env = { ...process.env, TMPDIR: temporary, SEE_LOG: 'warn', MARK: mark }
    const ran = await runBlocks(blocksOf(readFileSync(join(root, document), 'utf8')), timeoutMs, env).catch(
      (error: unknown) => {
        rmSync(temporary, { recursive: true })
        throw error
      },
    )
    const folders = ran
      .flatMap(({ output }) => [...output.matchAll(/^Evidence in (results\/\S+?)\/$/gm)])
      .map(([, folder = '']) => join(root, folder))
    for (const folder of folders) if (before.has(folder)) throw new Error(`${folder} was there before`)
    return new TutorialRun({ ran, folders, mark, temporary }, results, !hadResults)
  }

  /** What the block said whose commands contain this. */
  outputOf(command: string): string {
    const found = this.ran.find(({ script }) => script.includes(command))
    if (found === undefined) throw new Error(`no block of the document contains ${command}`)
    return found.output
  }

  [Symbol.dispose](): void {
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true })
    if (this.#madeResults) rmSync(this.#results, { recursive: true, force: true })
    rmSync(this.temporary, { recursive: true, force: true })
  }
}

async function runBlocks(blocks: readonly Block[], timeout: number, env: NodeJS.ProcessEnv): Promise<Ran[]> {
  const commands = blocks.filter(({ language }) => language === 'sh')
  const separator = `-- ${randomUUID()} --`
  const script = commands.map(({ text }) => `${text}\necho '${separator}'\n`).join('')
  const stdout = await bash(`exec 2>&1\n${script}`, timeout, env)
  const outputs = stdout.split(`${separator}\n`)
  return commands.map((command, index) => ({
    script: command.text,
    output: outputs[index] ?? '',
    shown: linesShownAfter(blocks, command),
  }))
}

/** What a script says, run in the repository's folder. One that takes too long is killed, with all that it started. */
async function bash(script: string, timeoutMs: number, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGTERM'), timeoutMs)
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  if (code !== 0) throw new Error(`the commands ended with ${code}; they said:\n${said.slice(-4000)}`)
  return said
}

/** The lines of the text block that follows a command, but for those that say that something is left out. */
function linesShownAfter(blocks: readonly Block[], command: Block): string[] {
  const next = blocks[blocks.indexOf(command) + 1]
  if (next?.language !== 'text') return []
  return next.text.split('\n').filter((line) => line.trim() !== '' && line.trim() !== '…')
}

/** A text with what differs from run to run and from clone to clone made alike. */
export function alike(text: string): string {
  return text
    .replaceAll(root.replace(/\/$/, ''), '/root/see-typescript')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<identifier>')
    .replaceAll(/see-[0-9a-f]{12}/g, 'see-<number>')
    .replaceAll(/0x[0-9a-f]+/g, '<number>')
    .replaceAll(/[0-9a-f]{40}|\d+(\.\d+)?/g, (found) => (found.length === 40 ? found : '<number>'))
    .replaceAll(/<number> [KM]?i?B\b/g, '<size>')
    .replaceAll(/\s+/g, ' ')
}
