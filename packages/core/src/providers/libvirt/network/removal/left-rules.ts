import { quoteGuestText } from '../../../../common/quote-guest-text.ts'
import { runBounded } from '../../../../host/bounded-process.ts'
import { findTool } from '../../../../host/required-tool.ts'

/** libvirt's own chains. */
const CHAIN = /^-A LIBVIRT_/
/** The last names the subnet of a bridge, by which its rules in the first are found. */
const TABLES = ['nat', 'mangle', 'filter'] as const
/** libvirt's program for each family. */
const PROGRAMS = ['iptables', 'ip6tables'] as const
const TIMEOUT_MS = 25_000
/** Size of the rules of a whole host, in bytes. */
const OUTPUT_BYTES = 16 * 1024 * 1024

interface Rule {
  readonly table: string
  /** As iptables-save(8) writes it. */
  readonly text: string
  readonly words: readonly string[]
}

/**
 * Removes libvirt's firewall rules of a bridge that none of its networks has.
 * @throws Error with what the program said
 */
export async function removeRulesOf(bridge: string): Promise<void> {
  for (const program of PROGRAMS) {
    const save = await findTool(`${program}-save`)
    const restore = await findTool(`${program}-restore`)
    if (save === undefined || restore === undefined) continue
    const removal = removalOfRules(bridge, await run([save], ''))
    if (removal !== '') await run([restore, '--noflush', '--wait'], removal)
  }
}

/**
 * What iptables-restore(8) is given for that; nothing when there are none.
 * @param saved what iptables-save(8) writes
 */
export function removalOfRules(bridge: string, saved: string): string {
  const rules = rulesIn(saved)
  const own = rules.filter(({ words }) => words.includes(bridge))
  const subnets = new Set(own.flatMap(subnetsOf))
  const masquerading = [...subnets].flatMap((subnet) => surplusOf(subnet, bridge, rules))
  const removed = [...masquerading, ...own]
  return TABLES.map((table) => {
    const lines = removed.filter((rule) => rule.table === table).map(({ text }) => text.replace('-A', '-D'))
    return lines.length === 0 ? '' : `*${table}\n${lines.join('\n')}\nCOMMIT\n`
  }).join('')
}

/**
 * Rules that rewrite addresses name a subnet and no bridge. Another network may have the same one by now: each has such
 * rules once, and a rule in the table `filter` that names both.
 */
function surplusOf(subnet: string, bridge: string, rules: readonly Rule[]): readonly Rule[] {
  const others = rules.filter(
    ({ table, text, words }) =>
      table === 'filter' &&
      text.startsWith('-A LIBVIRT_FWO ') &&
      after(words, '-s') === subnet &&
      after(words, '-i') !== bridge,
  ).length
  const seen = new Map<string, number>()
  return rules.filter(({ table, text, words }) => {
    if (table !== 'nat' || after(words, '-s') !== subnet) return false
    const count = (seen.get(text) ?? 0) + 1
    seen.set(text, count)
    return count > others
  })
}

function subnetsOf({ words }: Rule): string[] {
  return ['-s', '-d'].map((option) => after(words, option)).filter((each) => each !== undefined)
}

function after(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option)
  return at < 0 ? undefined : words[at + 1]
}

function rulesIn(saved: string): Rule[] {
  const rules: Rule[] = []
  let table = ''
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim()
    if (CHAIN.test(line)) rules.push({ table, text: line, words: line.split(' ') })
  }
  return rules
}

async function run(argv: readonly [string, ...string[]], stdin: string): Promise<string> {
  const [program] = argv
  const bounds = { timeoutMs: TIMEOUT_MS, maxOutputBytes: OUTPUT_BYTES, signal: undefined }
  const timedOut = () => new Error(`${program} took longer than ${TIMEOUT_MS} ms`)
  const { exitCode, stdout, stderr } = await runBounded(argv, { ...bounds, stdin, env: {} }, timedOut)
  if (exitCode !== 0) throw new Error(`${program} says ${quoteGuestText(stderr.toString().trim())}`)
  return stdout.toString()
}
