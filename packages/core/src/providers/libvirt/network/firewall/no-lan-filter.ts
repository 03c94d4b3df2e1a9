import { isOnTheInternet, NOT_THE_INTERNET } from '../address/not-the-internet.ts'

export interface NoLanFilter {
  readonly name: string
  /** The host's address in the guest's network, which gives out addresses and names there. */
  readonly gateway: string
  /** Both are the only ones that the guest may send from. */
  readonly guest: { readonly macAddress: string; readonly address: string }
  /** The host's addresses elsewhere. */
  readonly hostAddresses: readonly string[]
}

/** Since Linux 6.9, what is sent to all has no state on a bridge with a capture. */
const WHATEVER_STATE = ' statematch="false"'

/**
 * A network filter of libvirt that does what it can of what `noLanRules` does. Its rules on frames (mac, arp, ip)
 * hold whatever the kernel's settings for bridged packets are; those on packets (all, tcp, udp), which cost libvirt
 * three times as much, are for the host's own address only, where answers must be told apart from requests.
 */
export function noLanFilterXml({ name, gateway, guest, hostAddresses }: NoLanFilter): string {
  const { macAddress, address } = guest
  const sender = `arpsrcmacaddr="${macAddress}" arpsrcipaddr`
  const dhcp = 'protocol="udp" srcportstart="68" dstportstart="67"'
  const near = [...NOT_THE_INTERNET, ...hostAddresses.filter(isOnTheInternet).map((each) => `${each}/32`)]
    .map((network) => network.split('/'))
    .map(([first, mask]) => rule('drop', -100, `<ip dstipaddr="${first}" dstipmask="${mask}"/>`))
  const rules = [
    rule('drop', -700, `<mac match="no" srcmacaddr="${macAddress}"/>`),
    rule('accept', -600, `<arp ${sender}="${address}"/>`),
    // Who asks whether an address is free has none yet.
    rule('accept', -600, `<arp ${sender}="0.0.0.0"/>`),
    rule('drop', -500, '<mac match="no" protocolid="ipv4"/>'),
    rule('accept', -400, `<ip dstipaddr="255.255.255.255" ${dhcp}/>`),
    rule('drop', -300, `<ip match="no" srcipaddr="${address}"/>`),
    rule('accept', -200, `<ip dstipaddr="${gateway}"/>`),
    ...near,
    rule('accept', 100, '<all state="ESTABLISHED"/>'),
    rule('accept', 200, '<udp srcportstart="68" dstportstart="67"/>', WHATEVER_STATE),
    rule('accept', 200, `<udp dstipaddr="${gateway}" dstportstart="53"/>`),
    rule('accept', 200, `<tcp dstipaddr="${gateway}" dstportstart="53"/>`),
    rule('drop', 300, `<all dstipaddr="${gateway}"/>`),
  ]
  return `<filter name="${name}" chain="root">\n  ${rules.join('\n  ')}\n</filter>`
}

function rule(action: 'accept' | 'drop', priority: number, match: string, attributes = ''): string {
  return `<rule action="${action}" direction="out" priority="${priority}"${attributes}>${match}</rule>`
}
