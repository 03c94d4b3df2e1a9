import { Command, Option } from 'commander'
import type { ExitCode } from '@see/runner/exit-codes'
import { secondsOption } from '../terminal/seconds.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type GuestFile, guestFiles } from '@see/core/guest-files'
import { modeOption } from './results-mode.ts'

interface Flags {
  readonly provider?: GuestFile
  readonly guest?: string
  readonly hooks?: string
  readonly command?: string
  readonly entry?: string
  readonly password: string
  readonly unpack: boolean
  readonly protocol?: string
  readonly runtime: number
  readonly timeout: number
  readonly shutdownTimeout: number
  readonly deadline?: number
  readonly loopTimeout: number
  readonly results: string
  readonly resultsMode: number
  readonly report: boolean
  readonly json: boolean
}

const RUNTIME = new Option('--runtime <seconds>', 'how long to let it run, unless it ends before')
  .argParser(secondsOption('zero or more'))
  .default(10_000, '10')
const TIMEOUT = new Option('--timeout <seconds>', 'bound of each wait for the guest')
  .argParser(secondsOption('positive'))
  .default(120_000, '120')

const SHUTDOWN_TIMEOUT = new Option(
  '--shutdown-timeout <seconds>',
  'how long the guest may take to shut down before its power is cut',
)
  .argParser(secondsOption('positive'))
  .default(25_000, '25')

const DEADLINE = new Option(
  '--deadline <seconds>',
  'how long all of it may take (default: six hours, and the three times above)',
).argParser(secondsOption('positive'))
const LOOP_TIMEOUT = new Option(
  '--loop-timeout <seconds>',
  'how long a hook or protocol may keep the process busy before it is broken off',
)
  .argParser(secondsOption('positive'))
  .default(30_000, '30')

const RESULTS_MODE = new Option('--results-mode <octal>', 'mode of the files of evidence, such as 640')
  .argParser(modeOption)
  .default(0o600, '600')

const PROVIDER = new Option('--provider <name>', 'what the guest runs on, without a resources file').choices(
  Object.keys(guestFiles),
)

const HELP = `
Without a resources file the sample runs in the tiny guest, which is built when it is missing: as a child of this process
(--provider embedded, the default), without a daemon and without a network, or through libvirt (--provider libvirt). With
--guest it runs in a guest with packages, such as python3, which npx see guest build made. A name that ends in .json is a
resources file; put a sample with such a name after one.

The sample is a program, a script, a folder, an archive (zip, 7z, rar, cab, iso, tar, gz, xz, bz2, zst), or - for
standard input. Its kind is detected; a sample that the guest cannot run is refused before anything is made, unless
--command says how to open it. A program for this kind of machine brings along the libraries of this host that the
guest lacks. An archive is unpacked on this host, confined; if one file of it, or of a folder, can be run, that is the
sample. With --command, {sample} is the path of the folder unless a file of it is named. The words after the sample are
its arguments.

The protocol, if none is given: power on, wait for the guest's address, fire ip_address, fire run_sample (or
run_command), let it run, pause, fire snapshots_capture, resume, shut down, fire start_analysis and wait_analysis.

The evidence is in DIR/<identifier>/, with a summary in run.json, and a page to read it on in report.html.

Exit codes: 0 done; 1 bad usage or configuration, nothing was run; 2 the sandbox failed; 3 a hook failed, or
evidence could not be written; 4 the deadline was reached; 130 interrupted (by Ctrl-C, SIGTERM, SIGHUP or SIGQUIT).
Ctrl-C cleans up, whenever it comes; a second one exits immediately.

The files given, hooks and protocols are not used if another user can change them; SEE_UNTRUSTED_FILES=warn only warns.

Examples:
  npx see run -- ./sample.bin
  npx see run -- /bin/ls -l /
  npx see run -- malware.zip
  npx see run resources.json ./sample.bin
  npx see run --guest python3 ./sample.py --command 'python3 {sample} -v' --runtime 60
  npx see run resources.json --hooks hooks.json --protocol ./protocol.ts#run --json`

/** The command `see run`. */
export function runCommand(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  return new Command('run')
    .description('run a sample, or a protocol of your own, in a new sandbox that is destroyed afterwards')
    .usage('[options] [--] [resources.json] [sample [arguments...]]')
    .argument(
      '[given...]',
      'a resources file (.json), or none for the tiny guest; the sample, - for standard input; its arguments',
    )
    .option('--hooks <file>', 'the hooks; without it: the timeline, a screenshot, commands')
    .option(
      '--command <command>',
      "run by the guest's shell; {sample} becomes the sample's quoted path there",
    )
    .option('--entry <path>', 'which file of a folder or an archive is the sample; . is all of it')
    .option('--password <text>', 'the password of an archive', 'infected')
    .option('--no-unpack', 'bring an archive into the guest as it is')
    .option(
      '--protocol <module#export>',
      'the function that drives the test case; TypeScript needs no build step',
    )
    .option('--guest <guest>', 'a guest that npx see guest build made, in place of the tiny guest')
    .addOption(PROVIDER)
    .addOption(RUNTIME)
    .addOption(TIMEOUT)
    .addOption(SHUTDOWN_TIMEOUT)
    .addOption(DEADLINE)
    .addOption(LOOP_TIMEOUT)
    .option('--results <dir>', 'where the evidence goes', 'results')
    .addOption(RESULTS_MODE)
    .option('--no-report', 'make no page of the case (report.html) at the end')
    .option('--json', 'print the summary as one JSON document', false)
    .addHelpText('after', HELP)
    .action(async (given: readonly string[], flags: Flags, command: Command) => {
      const { resources, sample, words } = splitGiven(given)
      const refuse = (message: string): never => command.error(`error: ${message}`)
      if (resources !== undefined && flags.provider !== undefined) {
        refuse(`--provider is for the tiny guest, and '${resources}' says what the provider is`)
      }
      if (resources !== undefined && flags.guest !== undefined) {
        refuse(`'${resources}' says what the guest is, and --guest ${flags.guest} names another`)
      }
      if (resources === undefined && (sample ?? flags.command ?? flags.protocol) === undefined) {
        refuse('nothing to run: give a sample, a resources file, --command or --protocol')
      }
      if (sample === undefined && flags.command?.includes('{sample}') === true) {
        refuse(`--command '${flags.command}' names {sample}, but no sample is given`)
      }
      if (words.length > 0 && flags.command !== undefined) {
        refuse(`arguments of the sample belong in --command '${flags.command}'`)
      }
      const { runtime: runtimeMs, timeout: timeoutMs, shutdownTimeout: shutdownTimeoutMs, ...others } = flags
      const { provider = 'embedded', deadline, loopTimeout: loopTimeoutMs, ...rest } = others
      const times = { runtimeMs, timeoutMs, shutdownTimeoutMs, loopTimeoutMs }
      const inAll = deadline === undefined ? {} : { deadlineMs: deadline }
      const { run } = await import('./run.ts')
      exitWith(await run({ resources, sample, words, provider, ...times, ...inAll, ...rest }, { terminal }))
    })
}

/** What is given first is the sample, unless its name says that it is none. */
function splitGiven(given: readonly string[]): {
  readonly resources: string | undefined
  readonly sample: string | undefined
  readonly words: readonly string[]
} {
  const resources = given[0]?.endsWith('.json') === true ? given[0] : undefined
  const [sample, ...words] = resources === undefined ? given : given.slice(1)
  return { resources, sample, words }
}
