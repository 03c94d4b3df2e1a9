import { Argument, Command } from 'commander'
import type { ExitCode } from '@see/runner/exit-codes'
import type { Terminal } from '../terminal/terminal.ts'

const HELP = `
For bash:  source <(npx see completion bash)
For zsh:   source <(npx see completion zsh)      after compinit
For fish:  npx see completion fish | source

The word that is completed is "see". Where only "npx see" works, make it a function of your shell first:
bash and zsh:  see() { npx see "$@"; }
fish:          function see; npx see $argv; end`

/** The command `see completion`. */
export function completionCommand(terminal: Terminal, _exitWith: (code: ExitCode) => void): Command {
  return new Command('completion')
    .description('print a script by which a shell completes this command')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', HELP)
    .action(async (shell: 'bash' | 'zsh' | 'fish', _flags: unknown, command: Command) => {
      const { completionScript } = await import('./completion-script.ts')
      terminal.out.write(completionScript(shell, command.parent ?? command))
    })
}
