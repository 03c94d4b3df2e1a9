import type { Argument, Command, Option } from 'commander'

/** What a shell offers for a value. */
export type ValueKind = 'files' | 'folders' | 'guests' | 'templates' | 'nothing' | readonly string[]

export interface OptionNode {
  /** As they are typed, such as `-h` and `--help`. */
  readonly flags: readonly string[]
  readonly description: string
  /** Undefined for an option without a value. */
  readonly value: { readonly name: string; readonly kind: ValueKind } | undefined
}

export interface ArgumentNode {
  readonly name: string
  readonly kind: ValueKind
  readonly isRequired: boolean
  readonly isVariadic: boolean
}

/** A command as the shells' completions need it: what its help says that there is. */
export interface CommandNode {
  /** Its name behind those of the commands that it belongs to; empty for `see` itself. */
  readonly path: readonly string[]
  readonly description: string
  readonly commands: readonly CommandNode[]
  readonly options: readonly OptionNode[]
  readonly arguments: readonly ArgumentNode[]
}

export function commandTree(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp()
  return {
    path,
    description: help.subcommandDescription(command),
    commands: help.visibleCommands(command).map((each) => commandTree(each, [...path, each.name()])),
    options: help.visibleOptions(command).map(optionNode),
    arguments: command.registeredArguments.map(argumentNode),
  }
}

/** A command and all below it. */
export function allOf(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(allOf)]
}

function optionNode(option: Option): OptionNode {
  const { short, long, description, argChoices, flags } = option
  const [, name] = /[<[]([^\]>]+)[\]>]/.exec(flags) ?? []
  return {
    flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
    description,
    value: name === undefined ? undefined : { name, kind: argChoices ?? kindOf(name) },
  }
}

function argumentNode(argument: Argument): ArgumentNode {
  const name = argument.name()
  return {
    name,
    kind: argument.argChoices ?? kindOf(name),
    isRequired: argument.required,
    isVariadic: argument.variadic,
  }
}

const KINDS: Readonly<Record<string, ValueKind>> = {
  file: 'files',
  given: 'files',
  guest: 'guests',
  image: 'files',
  'resources.json': 'files',
  sample: 'files',
  'module#export': 'files',
  dir: 'folders',
  template: 'templates',
}

/** The name of a value in the help says what it is. */
function kindOf(name: string): ValueKind {
  return KINDS[name] ?? 'nothing'
}
