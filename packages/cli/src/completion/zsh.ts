import {
  allOf,
  type ArgumentNode,
  type CommandNode,
  type OptionNode,
  type ValueKind,
} from './command-tree.ts'

/** Offers the names of templates. */
const TEMPLATES = `_see_templates() {
  local folder=\${SEE_TEMPLATES-}
  if [[ -z $folder ]]; then
    if ((UID == 0)); then folder=/var/lib/see/templates; else folder=\${XDG_DATA_HOME:-\${HOME-}/.local/share}/see/templates; fi
  fi
  local -a names=($folder/[A-Za-z0-9]*(N/:t))
  compadd -a names
}`

/** A script for zsh, which may also lie as `_see` in a folder of its `fpath`. */
export function zshScript(root: CommandNode): string {
  return `#compdef see
# Completion of see for zsh; load it after compinit by: source <(npx see completion zsh)
${TEMPLATES}
_see_guests() {
  local cache=/var/tmp/see-$EUID/guest
  if ((EUID == 0)); then cache=/var/cache/see/guest; fi
  local -a names=(\${SEE_GUEST_CACHE:-$cache}/names/*(N:t))
  compadd -a names
}
${allOf(root).map(functionOf).join('\n')}
if [[ \${funcstack[1]} == _see ]]; then _see "$@"; else compdef _see see; fi
`
}

function functionOf(node: CommandNode): string {
  const specs = node.options.map(optionSpec)
  if (node.commands.length === 0) {
    return `${nameOf(node)}() {\n  _arguments -s ${lines([...specs, ...node.arguments.map(argumentSpec)])}\n}`
  }
  const names = node.commands.map(({ path, description }) => {
    return quoted(`${path.at(-1)}:${description.replaceAll(':', String.raw`\:`)}`)
  })
  const calls = node.commands.map((each) => `        ${each.path.at(-1)}) ${nameOf(each)} ;;`)
  return `${nameOf(node)}() {
  local curcontext="$curcontext" state line
  local -a commands=(${names.join(' ')})
  _arguments -C ${lines([...specs, quoted('(-): :->command'), quoted('(-)*:: :->rest')])}
  case $state in
    command) _describe command commands ;;
    rest)
      case \${words[1]} in
${calls.join('\n')}
      esac ;;
  esac
}`
}

function lines(specs: readonly string[]): string {
  return specs.map((spec) => `\\\n    ${spec}`).join(' ')
}

function nameOf({ path }: CommandNode): string {
  return ['_see', ...path].join('_')
}

/** One for each spelling; none is offered where another is already given. */
function optionSpec({ flags, description, value }: OptionNode): string {
  const behind = value === undefined ? '' : `:${escaped(value.name)}:${action(value.kind)}`
  const text = `[${escaped(description)}]${behind}`
  return flags.map((flag) => quoted(`(${flags.join(' ')})${flag}${text}`)).join(' ')
}

function argumentSpec({ name, kind, isRequired, isVariadic }: ArgumentNode): string {
  const before = isVariadic ? '*' : ''
  // Only to say what is expected would keep zsh from completing an option in its place.
  const offered = kind === 'nothing' ? '()' : action(kind)
  return quoted(`${before}${isRequired || isVariadic ? ':' : '::'}${escaped(name)}:${offered}`)
}

function action(kind: ValueKind): string {
  if (kind === 'nothing') return ' '
  if (kind === 'files') return '_files'
  if (kind === 'folders') return '_files -/'
  if (kind === 'templates') return '_see_templates'
  if (kind === 'guests') return '_see_guests'
  return `(${kind.join(' ')})`
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
