import { seeProgram } from '@see/cli'

type Command = ReturnType<typeof seeProgram>

const NOWHERE = { write: () => true }

/** The man page of `see`, from what its help is made of. */
export function manPage(): string {
  const program = seeProgram({ out: NOWHERE, error: NOWHERE }, () => undefined)
  const description = program.description()
  const name = `${description.charAt(0).toLowerCase()}${description.slice(1).replace(/\.$/, '')}`
  return `.\\" Made from the code by npm run docs: change it there.
.TH SEE 1 "" "see ${program.version() ?? ''}" "User Commands"
.nh
.SH NAME
see \\- ${escaped(name)}
.SH SYNOPSIS
.nf
${leavesOf(program).map(synopsis).join('\n')}
.fi
.SH DESCRIPTION
${escaped(description)}
${textOf(afterHelp(program))}
${program.commands.map((command) => section(command, '.SH')).join('\n')}
`
}

/** The commands that do something, rather than have others below them. */
function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function synopsis(command: Command): string {
  return `\\fB${escaped(nameOf(command))}\\fR ${escaped(command.usage())}`
}

function section(command: Command, heading: '.SH' | '.SS'): string {
  const help = command.createHelp()
  const terms = [
    ...help
      .visibleArguments(command)
      .map((each) => [help.argumentTerm(each), help.argumentDescription(each)] as const),
    ...help
      .visibleOptions(command)
      .map((each) => [help.optionTerm(each), help.optionDescription(each)] as const),
  ]
  const description = command.description()
  return [
    `${heading} "${escaped(nameOf(command))}"`,
    `${escaped(description.charAt(0).toUpperCase())}${escaped(description.slice(1))}.`,
    ...(command.commands.length === 0 ? terms : []).map(([term, meaning]) => {
      return `.TP\n\\fB${escaped(term)}\\fR\n${escaped(meaning)}`
    }),
    ...command.commands.map((each) => section(each, '.SS')),
    textOf(afterHelp(command)),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** What the help of a command says behind its options. */
function afterHelp(command: Command): string {
  let shown = ''
  command.configureOutput({ writeOut: (text) => void (shown += text) })
  command.outputHelp()
  return shown.slice(command.helpInformation().length).trim()
}

/** Paragraphs; those with columns or examples keep their lines. */
function textOf(text: string): string {
  if (text === '') return ''
  return text
    .split(/\n{2,}/)
    .map((paragraph) =>
      /^ {2}|\S {2}/m.test(paragraph) ? `.PP\n.nf\n${escaped(paragraph)}\n.fi` : `.PP\n${escaped(paragraph)}`,
    )
    .join('\n')
}

/** Text in which nothing is a request, or an escape, of roff. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&')
    .replaceAll('"', '\\(dq')
    .replaceAll(/\P{ASCII}/gu, (character) => {
      return `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
    })
}
