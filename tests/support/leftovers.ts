import { execFileSync } from 'node:child_process'
import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { Hypervisor } from '@see/libvirt'

/** Where libvirt and SEE keep what belongs to an environment; libvirt's logs are kept on purpose. */
const FOLDERS = ['/run', '/sys/fs/cgroup', '/var/lib/libvirt', '/var/lib/see']

/** Everything on this host that is still there of environments, in words. */
export async function leftOf(...identifiers: readonly string[]): Promise<string[]> {
  // Names of interfaces are too short for a whole one, which begins with the same.
  const beginnings = identifiers.map((identifier) => identifier.slice(0, 8))
  const isOf = (text: string) => beginnings.some((beginning) => text.includes(beginning))
  return [
    ...(await inLibvirt()).filter(isOf),
    ...FOLDERS.flatMap(filesIn).filter(isOf),
    ...readdirSync('/sys/class/net').filter(isOf),
    ...mounts().filter(isOf),
    ...firewallRules().filter(isOf),
    ...processes(({ commandLine }) => isOf(commandLine)),
  ]
}

async function inLibvirt(): Promise<string[]> {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  const { filters } = await hypervisor.call('CONNECT_LIST_ALL_NWFILTERS', { need_results: 1, flags: 0 })
  return [
    ...(await hypervisor.listAllDomains()).map(({ name }) => `domain ${name}`),
    ...(await hypervisor.listAllNetworks()).map(({ name }) => `network ${name}`),
    ...(await hypervisor.listAllStoragePools()).map(({ name }) => `pool ${name}`),
    ...filters.map(({ name }) => `filter ${name}`),
  ]
}

function filesIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? [path, ...filesIn(path)] : [path]
  })
}

/** None when the folder is gone: others come and go meanwhile. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** The mounts of this host, one a line. */
export function mounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8').trimEnd().split('\n')
}

/** libvirt's rules, and where there is nft, all rules. */
function firewallRules(): string[] {
  const programs = [['iptables-save'], ['ebtables-save'], ['nft', 'list', 'ruleset']]
  return programs.flatMap(([program = '', ...argv]) =>
    existsSync(`/usr/sbin/${program}`)
      ? execFileSync(program, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
      : [],
  )
}

interface Process {
  readonly commandLine: string
  readonly environment: string
}

/** The command lines of the processes that are alike, but for this one's own. */
export function processes(isLike: (process: Process) => boolean): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => ({ commandLine: procFile(pid, 'cmdline'), environment: procFile(pid, 'environ') }))
    .filter(isLike)
    .map(({ commandLine }) => commandLine)
}

/** Empty when the process is gone. */
function procFile(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
