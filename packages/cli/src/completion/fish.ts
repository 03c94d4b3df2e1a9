import { allOf, type CommandNode, type OptionNode, type ValueKind } from './command-tree.ts'

/** Prints the names of templates. */
const TEMPLATES = `function __see_templates
  set -l folder $SEE_TEMPLATES
  if test -z "$folder"
    set -l data $XDG_DATA_HOME
    test -n "$data"; or set data $HOME/.local/share
    set folder $data/see/templates
    test (id -u) = 0; and set folder /var/lib/see/templates
  end
  for each in $folder/*/
    string match -r '[^/]+(?=/$)' -- $each
  end
end`

/** A script for fish 3 or newer. */
export function fishScript(root: CommandNode): string {
  const commands = allOf(root)
  return `# Completion of see for fish; load it by: npx see completion fish | source
function __see_guests
  set -l cache $SEE_GUEST_CACHE
  if test -z "$cache"
    set -l user (id -u)
    set cache /var/tmp/see-$user/guest
    if test $user = 0
      set cache /var/cache/see/guest
    end
  end
  ls -- $cache/names 2>/dev/null
end
function __see_command
  set -l command ''
  for word in (commandline -opc)[2..-1]
    switch "$command $word"
      case ${commands.slice(1).map(place).join(' ')}
        set command "$command $word"
    end
  end
  echo $command
end
${TEMPLATES}
complete -c see -e
complete -c see -f
${commands.flatMap(linesOf).join('\n')}
`
}

function place({ path }: CommandNode): string {
  return quoted(path.map((name) => ` ${name}`).join(''))
}

function linesOf(node: CommandNode): string[] {
  const start = `complete -c see -n ${quoted(`test (__see_command) = ${place(node)}`)}`
  const commands = node.commands.map(
    ({ path, description }) => `${start} -a ${quoted(path.at(-1) ?? '')} -d ${quoted(description)}`,
  )
  const options = node.options.map((option) => `${start} ${optionWords(option)}`)
  const values = node.arguments.map(({ kind }) => offer(kind)).filter((words) => words !== '')
  return [...commands, ...options, ...[...new Set(values)].map((words) => `${start} ${words}`)]
}

function optionWords({ flags, description, value }: OptionNode): string {
  const names = flags.map((flag) => {
    return flag.startsWith('--') ? `-l ${quoted(flag.slice(2))}` : `-s ${quoted(flag.slice(1))}`
  })
  const takes = value === undefined ? [] : [value.kind === 'files' ? '-r' : '-x', offer(value.kind)]
  return [...names, `-d ${quoted(description)}`, ...takes].filter((word) => word !== '').join(' ')
}

function offer(kind: ValueKind): string {
  if (kind === 'nothing') return ''
  if (kind === 'files') return '-F'
  if (kind === 'folders') return `-a '(__fish_complete_directories)'`
  if (kind === 'templates') return `-a '(__see_templates)'`
  if (kind === 'guests') return `-a '(__see_guests)'`
  return `-a ${quoted(kind.join(' '))}`
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}
