import type { VncServer } from '../resources.ts'
import { childOf, childrenOf, type Element, parseXml } from './xml.ts'

/** The first interface of a domain, as libvirt describes it. */
export interface DomainInterface {
  /** In lower case. */
  readonly macAddress: string | undefined
  /** The device on the host's side; only a running domain has it. */
  readonly target: string | undefined
  /** The bridge it is on; for one on a network, only a running domain tells. */
  readonly bridge: string | undefined
  /** The name of the network it is on. */
  readonly network: string | undefined
}

export function firstInterfaceIn(xml: string): DomainInterface | undefined {
  const [first] = devicesIn(xml, 'interface')
  if (first === undefined) return undefined
  return {
    macAddress: attribute(first, 'mac', 'address')?.toLowerCase(),
    target: attribute(first, 'target', 'dev'),
    bridge: attribute(first, 'source', 'bridge'),
    network: attribute(first, 'source', 'network'),
  }
}

/** Whether the first console is one that libvirt can open: a pseudo-terminal. */
export function hasConsoleIn(xml: string): boolean {
  // libvirt itself gives a domain with a serial port a console, and takes the first.
  return devicesIn(xml, 'console')[0]?.getAttribute('type') === 'pty'
}

export function vncServerIn(xml: string): VncServer | undefined {
  const vnc = devicesIn(xml, 'graphics').find((each) => each.getAttribute('type') === 'vnc')
  if (vnc === undefined) return undefined
  const listen = attribute(vnc, 'listen', 'address') ?? vnc.getAttribute('listen') ?? ''
  const port = Number(vnc.getAttribute('port') ?? -1)
  return { host: reachable(listen), port: port > 0 ? port : undefined }
}

/** A port of the guest by which a program of it speaks with the host, as a running domain has it. */
export interface DomainChannel {
  /** The path of the host's end, a socket. */
  readonly path: string
  /** Whether the guest has its end open. */
  readonly isConnected: boolean
}

export function channelIn(xml: string, name: string): DomainChannel | undefined {
  const channel = devicesIn(xml, 'channel').find((each) => attribute(each, 'target', 'name') === name)
  const path = channel === undefined ? undefined : attribute(channel, 'source', 'path')
  if (channel === undefined || path === undefined) return undefined
  return { path, isConnected: attribute(channel, 'target', 'state') === 'connected' }
}

/** A server that listens everywhere is asked on this host. */
function reachable(listen: string): string {
  if (listen === '::') return '::1'
  return listen === '' || listen === '0.0.0.0' ? '127.0.0.1' : listen
}

function devicesIn(xml: string, name: string): Element[] {
  const domain = parseXml(xml).documentElement
  const devices = domain === null ? undefined : childOf(domain, 'devices')
  return devices === undefined ? [] : childrenOf(devices, name)
}

function attribute(parent: Element, child: string, name: string): string | undefined {
  return childOf(parent, child)?.getAttribute(name) ?? undefined
}
