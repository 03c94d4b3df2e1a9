/** What cmd.exe takes for more than text. */
const SPECIAL = /[()\][%!^"`<>&|;, *?]/g
/** As long as a line may be (learn.microsoft.com, "Command prompt line string limitation"). */
const LONGEST_LINE = 8191
const CMD = /^(?:.*[\\/])?cmd(?:\.exe)?$/i

/**
 * A batch file that runs a program with these words, its output in files, and ends with its exit code; undefined when
 * the words cannot be written in one.
 */
export function batchFile(
  [program = '', ...args]: readonly string[],
  stdout: string,
  stderr: string,
): string | undefined {
  const words = [program, ...args]
  if (words.some((word) => /[\0\r\n]/.test(word))) return undefined
  const line = `@${commandLine(program, args)} 1>>"${stdout}" 2>>"${stderr}"`
  if (line.length > LONGEST_LINE) return undefined
  const isPlain = words.every((word) => /^[ -~]*$/.test(word))
  return [...(isPlain ? [] : ['@chcp 65001 >nul']), line, '@exit %errorlevel%', ''].join('\r\n')
}

function commandLine(program: string, args: readonly string[]): string {
  const at = args.findIndex((word) => /^\/[ck]$/i.test(word))
  // cmd.exe takes what follows /c as it stands, but for the outermost quotes where it is given /s.
  if (CMD.test(program) && at >= 0) {
    const line = args.slice(at + 1).join(' ')
    return [program, ...args.slice(0, at), '/s', args[at] ?? '/c', `"${line}"`].map(escaped).join(' ')
  }
  return [quotedProgram(program), ...args.map((word) => escaped(quotedArgument(word)))].join(' ')
}

/** cmd.exe itself looks for it, so that its quotes are cmd.exe's; `%` counts in them all the same. */
function quotedProgram(program: string): string {
  return `"${program.replaceAll('%', '%%').replaceAll('"', '')}"`
}

/** By the rules of CommandLineToArgvW, which nearly all programs have. */
function quotedArgument(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`
}

/** In a batch file a percent sign is doubled; all else that is special has a caret before it. */
function escaped(text: string): string {
  return text.replaceAll(SPECIAL, (character) =>
    character === '%' ? '%%' : character === ' ' ? ' ' : `^${character}`,
  )
}
