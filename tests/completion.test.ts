import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { seeHere } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

/** Shells start slowly on a loaded machine. */
const SHELL_MS = 60_000

const scripts = new Map<string, string>()
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exitCode, out } = await seeHere('/', ['completion', shell])
    expect(exitCode).toBe(0)
    scripts.set(shell, out)
  }
})

/** A folder with a shell's script, a resources file and a folder. */
function folderFor(shell: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, `see.${shell}`), scripts.get(shell) ?? '')
  writeFileSync(join(folder, 'my resources.json'), '{}')
  return folder
}

/** Where this user's templates are, in that folder: two, and what is being built. */
function templatesIn(folder: string): string {
  const templates = join(folder, 'the templates')
  for (const name of ['debian-12', 'desktop', '.debian-13.building'])
    mkdirSync(join(templates, name), { recursive: true })
  writeFileSync(join(templates, 'default.lock'), '')
  return templates
}

/** Where the guests are of which the shells offer the names. */
function guestsIn(folder: string): string {
  mkdirSync(join(folder, 'names'))
  for (const name of ['python', 'curl']) symlinkSync('../with-packages/key', join(folder, 'names', name))
  return folder
}

function storesIn(folder: string) {
  return { SEE_TEMPLATES: templatesIn(folder), SEE_GUEST_CACHE: guestsIn(folder) }
}

/** What bash offers for the last of the words. */
function bash(...words: readonly string[]): string[] {
  const folder = folderFor('bash')
  // No command line is being completed, so that there is nothing to say how to quote.
  const program = `compopt() { :; }; . ./see.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _see; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-c', program, 'bash', ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, ...storesIn(folder) },
  })
  return linesOf(out)
}

/** What fish offers for the last of the words, without what it says of each. */
function fish(...words: readonly string[]): string[] {
  const folder = folderFor('fish')
  const out = execFileSync(
    'fish',
    ['--no-config', '-c', 'source see.fish; complete -C "$argv"', words.join(' ')],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder, ...storesIn(folder) },
    },
  )
  return linesOf(out).map((line) => line.split('\t')[0] ?? '')
}

function linesOf(out: string): string[] {
  return out.split('\n').filter((line) => line !== '')
}

const shells = { bash, fish }

test.each(Object.entries(shells))(
  '%s: commands, options, values, files',
  { timeout: SHELL_MS },
  (_name, complete) => {
    expect(complete('see', 'te')).toEqual(['template'])
    expect(complete('see', 'template', '').toSorted()).toEqual(['build', 'help', 'info', 'ls', 'rm'])
    expect(complete('see', 'guest', '').toSorted()).toEqual(['build', 'help', 'ls', 'prepare', 'rm'])
    expect(complete('see', 'guest', 'rm', '').toSorted()).toEqual(['curl', 'python'])
    expect(complete('see', 'run', '--guest', 'p')).toEqual(['python'])
    expect(complete('see', 'run', '--shut')).toEqual(['--shutdown-timeout'])
    expect(complete('see', 'run', '--provider', '').toSorted()).toEqual(['embedded', 'libvirt'])
    expect(complete('see', 'completion', '').toSorted()).toEqual(['bash', 'fish', 'zsh'])
    expect(complete('see', 'run', '--hooks', 'my')).toEqual([
      expect.stringMatching(/^my\\? resources\.json$/),
    ])
    expect(complete('see', 'run', 'my')).toEqual([expect.stringMatching(/^my\\? resources\.json$/)])
    expect(complete('see', 'check', 'my')).toEqual([])
    expect(complete('see', 'report', '--out', 'my')).toEqual([
      expect.stringMatching(/^my\\? resources\.json$/),
    ])
    expect(complete('see', 'template', 'rm', '').toSorted()).toEqual(['debian-12', 'desktop'])
    expect(complete('see', 'template', 'info', 'deb')).toEqual(['debian-12'])
    expect(complete('see', 'run', 'template', '--ver')).toEqual([])
    expect(complete('see', 'template', 'info', '--ver')).toEqual(['--verify'])
  },
)

test.each(['bash', 'fish', 'zsh'])(
  '%s: a store of templates that is not there or cannot be read is none, without a word',
  { timeout: SHELL_MS },
  (shell) => {
    const folder = folderFor(shell)
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0 })
    const list = {
      bash: `. ./see.bash; _see_templates ''`,
      fish: 'source see.fish; __see_templates',
      zsh: `compdef() { :; }; compadd() { print $names }; . ./see.zsh; _see_templates`,
    }[shell]
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    chmodSync(folder, 0o755)
    for (const [SEE_TEMPLATES, HOME] of [
      [closed, folder],
      [join(folder, 'missing'), folder],
      ['', folder],
      ['', '/nonexistent'],
    ]) {
      const env = { PATH: process.env['PATH'], HOME, SEE_TEMPLATES }
      const { stdout, stderr } = spawnSync(shell, ['-c', list ?? ''], {
        cwd: folder,
        encoding: 'utf8',
        env,
        ...user,
      })
      expect(stdout.trim()).toBe('')
      expect(stderr).not.toContain('templates')
    }
  },
)

test.each([
  [['run']],
  [['report']],
  [['template', 'build']],
  [['template', 'info']],
  [['guest', 'build']],
  [['check']],
])('every option in the help of %j is offered', { timeout: SHELL_MS }, async (command) => {
  const { out } = await seeHere('/', [...command, '--help'])
  const options = Array.from(out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm), ([, option = '']) => option)
  expect(options).toContain('--json')
  for (const complete of Object.values(shells)) {
    const offered = complete('see', ...command, '--')
    expect(offered.toSorted()).toEqual(options.toSorted())
  }
})

/** What stands on zsh's command line after something was typed there and Tab was pressed. */
async function zsh(typed: string): Promise<string> {
  const folder = folderFor('zsh')
  const rc = `PROMPT='READY>'
autoload -U compinit && compinit -u -D
source ${folder}/see.zsh
dump() { print -r -- $BUFFER > ${folder}/part; mv ${folder}/part ${folder}/line; BUFFER='' }
zle -N dump
bindkey '^X' dump
`
  writeFileSync(join(folder, '.zshrc'), rc)
  const child = spawn('script', ['-qec', 'stty cols 200; zsh -d -i', '/dev/null'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      ZDOTDIR: folder,
      TERM: 'xterm',
      ...storesIn(folder),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = new Promise((resolve) => {
    child.once('close', resolve)
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (shown += text))
  await expect.poll(() => shown, { timeout: 30_000 }).toContain('READY>')
  child.stdin.write(`${typed}\t\x18`)
  const line = join(folder, 'line')
  await expect.poll(() => existsSync(line), { timeout: 30_000 }).toBe(true)
  return readFileSync(line, 'utf8').trimEnd()
}

test.each([
  ['see te', 'see template'],
  ['see template bu', 'see template build'],
  ['see run --shut', 'see run --shutdown-timeout'],
  ['see run --provider lib', 'see run --provider libvirt'],
  ['see run --hooks my', String.raw`see run --hooks my\ resources.json`],
  ['see run my', String.raw`see run my\ resources.json`],
  ['see template info --ver', 'see template info --verify'],
  ['see template rm deb', 'see template rm debian-12'],
  ['see guest rm c', 'see guest rm curl'],
  ['see run --guest p', 'see run --guest python'],
  ['see --ver', 'see --version'],
  ['see check my', 'see check my'],
])('zsh: %s becomes %s', { timeout: 90_000 }, async (typed, expected) => {
  expect(await zsh(typed)).toBe(expected)
})
