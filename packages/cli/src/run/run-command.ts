import { Command, Option } from 'commander'
import type { ExitCode } from '../exit-code.ts'
import { secondsOption } from '../seconds.ts'
import { run, type RunDependencies } from './run.ts'

interface Flags {
  readonly hooks?: string
  readonly command?: string
  readonly protocol?: string
  readonly runtime: number
  readonly timeout: number
  readonly results: string
  readonly json: boolean
}

const RUNTIME = new Option('--runtime <seconds>', 'how long to let it run')
  .argParser(secondsOption('zero or more'))
  .default(10_000, '10')
const TIMEOUT = new Option('--timeout <seconds>', 'bound of each wait for the guest')
  .argParser(secondsOption('positive'))
  .default(120_000, '120')

const HELP = `
The protocol, if none is given: power on, wait for the guest's address, fire ip_address, fire run_sample (or
run_command), let it run, pause, fire snapshots_capture, resume, shut down, fire start_analysis and wait_analysis.

The evidence is in DIR/<identifier>/, with a summary in run.json.

Exit codes: 0 done; 1 bad usage or configuration, nothing was run; 2 the sandbox failed; 3 finished, but a hook failed;
130 interrupted. Ctrl-C cleans up, whenever it comes.

Examples:
  see run resources.json ./sample.bin
  see run resources.json ./sample.py --command 'python3 {sample}' --runtime 60
  see run resources.json --hooks hooks.json --protocol ./protocol.ts#run --json`

/** The command `see run`. */
export function runCommand(dependencies: RunDependencies, exitWith: (code: ExitCode) => void): Command {
  return new Command('run')
    .description(
      'run a sample, or a protocol of your own, in a sandbox that is made for it and destroyed after',
    )
    .argument('<resources.json>', 'what the sandbox is made of')
    .argument('[sample]', 'the file to run in it')
    .option('--hooks <file>', 'the hooks; without it: the timeline, a screenshot, commands')
    .option(
      '--command <command>',
      "run by the guest's shell; {sample} becomes the sample's quoted path there",
    )
    .option('--protocol <module#export>', 'drives the test case; TypeScript needs no build step')
    .addOption(RUNTIME)
    .addOption(TIMEOUT)
    .option('--results <dir>', 'where the evidence goes', 'results')
    .option('--json', 'print the summary as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async (resources: string, sample: string | undefined, flags: Flags, command: Command) => {
      if (sample === undefined && flags.command?.includes('{sample}') === true) {
        command.error(`error: --command '${flags.command}' names {sample}, but no sample is given`)
      }
      const { runtime: runtimeMs, timeout: timeoutMs, ...rest } = flags
      exitWith(await run({ resources, sample, runtimeMs, timeoutMs, ...rest }, dependencies))
    })
}
