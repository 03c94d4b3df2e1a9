import { allOf, type CommandNode, type ValueKind } from './command-tree.ts'

/** Prints the names of templates that begin with a word. */
const TEMPLATES = `_see_templates() {
  local folder=\${SEE_TEMPLATES-} each
  if [[ -z $folder ]]; then
    if ((UID == 0)); then folder=/var/lib/see/templates; else folder=\${XDG_DATA_HOME:-\${HOME-}/.local/share}/see/templates; fi
  fi
  while read -r each; do
    if [[ \${each##*/} == [A-Za-z0-9]* ]]; then echo "\${each##*/}"; fi
  done < <(compgen -d -- "$folder/$1" 2>/dev/null)
}`

/** A script for bash 4 or newer. */
export function bashScript(root: CommandNode): string {
  const commands = allOf(root)
  return `# Completion of see for bash; load it by: source <(npx see completion bash)
_see_guests() {
  local cache=/var/cache/see/guest
  if ((EUID)); then cache=/var/tmp/see-$EUID/guest; fi
  ls -- "\${SEE_GUEST_CACHE:-$cache}/names" 2>/dev/null
}
_see() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' is_plain='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then is_plain=1; fi
    case "$command \${COMP_WORDS[i]}" in
      ${commands.slice(1).map(place).join(' | ')})
        command="$command \${COMP_WORDS[i]}" ;;
    esac
  done
  if [[ -z $is_plain ]]; then
    case "$command $previous" in
${commands.flatMap(optionValues).join('\n')}
    esac
    if [[ $word == -* ]]; then
      case "$command" in
${commands.map((node) => branch('        ', node, flagsOf(node))).join('\n')}
      esac
      return
    fi
  fi
  case "$command" in
${commands.map((node) => branch('    ', node, positions(node))).join('\n')}
  esac
}
${TEMPLATES}
complete -F _see see
`
}

function place({ path }: CommandNode): string {
  return quoted(path.map((name) => ` ${name}`).join(''))
}

function branch(indent: string, node: CommandNode, kind: ValueKind): string {
  return `${indent}${place(node)}) ${offer(kind)} ;;`
}

function optionValues(node: CommandNode): string[] {
  return node.options.flatMap(({ flags, value }) => {
    if (value === undefined) return []
    const before = node.path.map((name) => ` ${name}`).join('')
    const patterns = flags.map((flag) => quoted(`${before} ${flag}`)).join(' | ')
    return [`      ${patterns}) ${offer(value.kind)}; return ;;`]
  })
}

function flagsOf({ options }: CommandNode): string[] {
  return options.flatMap(({ flags }) => flags)
}

function positions(node: CommandNode): ValueKind {
  if (node.commands.length > 0) return node.commands.map(({ path }) => path.at(-1) ?? '')
  // The name of a template to build is usually a new one.
  const kinds = node.arguments.map(({ kind }) => kind)
  return kinds.find((kind) => kind !== 'nothing') ?? 'nothing'
}

function offer(kind: ValueKind): string {
  if (kind === 'nothing') return ':'
  if (kind === 'files') return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")'
  if (kind === 'folders') return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word")'
  if (kind === 'templates') return 'mapfile -t COMPREPLY < <(_see_templates "$word")'
  if (kind === 'guests') return 'mapfile -t COMPREPLY < <(compgen -W "$(_see_guests)" -- "$word")'
  return `mapfile -t COMPREPLY < <(compgen -W ${quoted(kind.join(' '))} -- "$word")`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
