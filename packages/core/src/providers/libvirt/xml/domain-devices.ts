import { quoteGuestText } from '../../../common/quote-guest-text.ts'
import type { VncServer } from '../../../contract/vnc-ability.ts'
import { attribute, devicesIn } from './device-elements.ts'

/** Attributes of an interface's `<source>` that say what it is on, by precedence. */
const SOURCES = ['network', 'bridge', 'dev', 'path']

/** An `<interface>` of a domain, as libvirt describes it. */
export interface DomainInterface {
  /** libvirt's type of it, such as `network`, `bridge` or `user`. */
  readonly type: string
  /** In lower case. */
  readonly macAddress: string | undefined
  /** The device on the host's side; for one that libvirt names, only a running domain has it. */
  readonly target: string | undefined
  /** The bridge it is on; for one on a network, only a running domain has it. */
  readonly bridge: string | undefined
  /** What it is on: the name of a network, bridge or device. */
  readonly source: string | undefined
}

/** In the order of the XML. */
export function interfacesIn(xml: string): DomainInterface[] {
  return devicesIn(xml, 'interface').map((each) => ({
    type: each.getAttribute('type') ?? 'unknown',
    macAddress: attribute(each, ['mac'], 'address')?.toLowerCase(),
    target: attribute(each, ['target'], 'dev'),
    bridge: attribute(each, ['source'], 'bridge'),
    source: SOURCES.map((name) => attribute(each, ['source'], name)).find((found) => found !== undefined),
  }))
}

/** Names an interface, by its position from 1 on, in a message. */
export function describeInterface({ type, source, macAddress }: DomainInterface, position: number): string {
  const on = source === undefined ? type : `${type} ${quoteGuestText(source)}`
  return `interface ${position} (${[on, macAddress].filter((each) => each !== undefined).join(', ')})`
}

/** Whether the first console is one that libvirt can open: a pseudo-terminal. */
export function hasConsoleIn(xml: string): boolean {
  // libvirt itself gives a domain with a serial port a console, and takes the first.
  return devicesIn(xml, 'console')[0]?.getAttribute('type') === 'pty'
}

/** Whether there is a screen: libvirt captures that of a video card. */
export function hasScreenIn(xml: string): boolean {
  return devicesIn(xml, 'video').some((video) => attribute(video, ['model'], 'type') !== 'none')
}

export function vncServerIn(xml: string): VncServer | undefined {
  const vnc = devicesIn(xml, 'graphics').find((each) => each.getAttribute('type') === 'vnc')
  if (vnc === undefined) return undefined
  const listen = attribute(vnc, ['listen'], 'address') ?? vnc.getAttribute('listen') ?? ''
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
  const channel = devicesIn(xml, 'channel').find((each) => attribute(each, ['target'], 'name') === name)
  const path = channel === undefined ? undefined : attribute(channel, ['source'], 'path')
  if (channel === undefined || path === undefined) return undefined
  return { path, isConnected: attribute(channel, ['target'], 'state') === 'connected' }
}

/** A server that listens everywhere is asked on this host. */
function reachable(listen: string): string {
  if (listen === '::') return '::1'
  return listen === '' || listen === '0.0.0.0' ? '127.0.0.1' : listen
}
