import { formatIpv4 } from './subnet.ts'

/**
 * What is not the Internet: networks of private use, the link's own, shared address space, metadata services, groups and
 * the like (IANA's registry of special-purpose addresses).
 */
const NOT_THE_INTERNET = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

export interface NoLanFilter {
  readonly name: string
  /** The host's address in the guest's network, which gives out addresses and names there. */
  readonly gateway: number
  /** The host's addresses elsewhere. */
  readonly hostAddresses: readonly string[]
}

/** Since Linux 6.9, what is sent to all has no state on a bridge on which somebody captures. */
const WHATEVER_STATE = ' statematch="false"'

/**
 * A network filter of libvirt under which a guest reaches the Internet but neither the host nor anything near it. The
 * host may still open a connection to the guest, which may answer. IPv6 is dropped whole: the network has none.
 */
export function noLanFilterXml({ name, gateway, hostAddresses }: NoLanFilter): string {
  const address = formatIpv4(gateway)
  const allowed = [
    '<all state="ESTABLISHED"/>',
    `<udp dstipaddr="${address}" dstportstart="53"/>`,
    `<tcp dstipaddr="${address}" dstportstart="53"/>`,
  ]
  const forbidden = [...NOT_THE_INTERNET, `${address}/32`, ...hostAddresses.map((each) => `${each}/32`)]
    .map((network) => network.split('/'))
    .map(([first, mask]) => `<all dstipaddr="${first}" dstipmask="${mask}"/>`)
  return `<filter name="${name}" chain="root">
  <filterref filter="no-mac-spoofing"/>
  ${rules('drop', 100, ['<mac protocolid="ipv6"/>'])}
  ${rules('accept', 200, ['<udp srcportstart="68" dstportstart="67"/>'], WHATEVER_STATE)}
  ${rules('accept', 200, allowed)}
  ${rules('drop', 300, forbidden)}
</filter>`
}

function rules(
  action: 'accept' | 'drop',
  priority: number,
  matches: readonly string[],
  attributes = '',
): string {
  const open = `<rule action="${action}" direction="out" priority="${priority}"${attributes}>`
  return matches.map((match) => `${open}${match}</rule>`).join('\n  ')
}
