import { findAcceleration } from './acceleration-finding.ts'
import { type Finding, missing, ok, type ProviderFindings } from './finding.ts'
import type { Host } from './host.ts'
import { findLibvirt } from './libvirt-finding.ts'
import { findNftables } from './nftables-finding.ts'
import { findProgram } from './program-findings.ts'

const NODE_MINIMUM = [20, 19]

/** Looks at what this host has for each provider. */
export async function checkHost(host: Host, signal: AbortSignal): Promise<ProviderFindings[]> {
  const node = findNode(host.nodeVersion)
  const network = [
    await findProgram(host, { program: 'dnsmasq', package: 'dnsmasq-base' }, signal),
    await findProgram(host, { program: 'iptables', package: 'iptables' }, signal),
    await findNftables(host, signal),
  ]
  const embedded = [
    await findEmulator(host, signal),
    await findProgram(host, { program: 'qemu-img', package: 'qemu-utils' }, signal),
    await findProgram(host, { program: 'setpriv', package: 'util-linux' }, signal),
    await findProgram(host, { program: 'prlimit', package: 'util-linux' }, signal),
    await findMke2fs(host, signal),
  ]
  return [
    provider('embedded', [node, ...embedded]),
    provider('qemu', [node, ...(await findQemu(host, signal)), ...network]),
    provider('lxc', [
      node,
      await findLibvirt(host, 'lxc:///system', 'libvirt-daemon-driver-lxc', signal),
      await findProgram(host, { program: 'nsenter', package: 'util-linux' }, signal),
      await findProgram(host, { program: 'setpriv', package: 'util-linux' }, signal),
      ...network,
    ]),
  ]
}

async function findQemu(host: Host, signal: AbortSignal): Promise<Finding[]> {
  const [emulator, emulatorPackage] =
    host.architecture === 'arm64'
      ? ['qemu-system-aarch64', 'qemu-system-arm']
      : ['qemu-system-x86_64', 'qemu-system-x86']
  const program = await findProgram(host, { program: emulator, package: emulatorPackage }, signal)
  const findings = [
    program,
    await findProgram(host, { program: 'qemu-img', package: 'qemu-utils' }, signal),
    await findLibvirt(host, 'qemu:///system', 'libvirt-daemon-driver-qemu', signal),
    await findMke2fs(host, signal),
  ]
  return program.ok ? [...findings, await findAcceleration(host, emulator, signal)] : findings
}

/** The embedded provider's guests are PCs, on every host. */
async function findEmulator(host: Host, signal: AbortSignal): Promise<Finding> {
  return await findProgram(host, { program: 'qemu-system-x86_64', package: 'qemu-system-x86' }, signal)
}

/** Builds the tiny guest's disk; sandboxes of other images do without. */
async function findMke2fs(host: Host, signal: AbortSignal): Promise<Finding> {
  const found = await findProgram(host, { program: 'mke2fs', option: '-V', package: 'e2fsprogs' }, signal)
  return { ...found, required: false }
}

function findNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = NODE_MINIMUM
  const enough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  if (enough) return ok('node', version)
  const wanted = NODE_MINIMUM.join('.')
  return missing('node', `${version} is too old`, `install Node ${wanted} or newer`)
}

function provider(name: string, findings: readonly Finding[]): ProviderFindings {
  return { provider: name, ready: findings.every((finding) => finding.ok || !finding.required), findings }
}
