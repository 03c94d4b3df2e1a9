import type { Command } from 'commander'
import { bashScript } from './bash.ts'
import { type CommandNode, commandTree } from './command-tree.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'

const scripts: Record<'bash' | 'zsh' | 'fish', (root: CommandNode) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/**
 * The script by which a shell completes the command line of `program`. All that it offers is in the script, but for files and the
 * names of guests and templates, so that `see` need not be started at each press of the key, and may be a function of the shell.
 */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', program: Command): string {
  return scripts[shell](commandTree(program))
}
