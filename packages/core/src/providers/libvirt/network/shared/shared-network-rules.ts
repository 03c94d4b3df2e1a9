import { guestsOfBridgeTable, inetSenders, noLanRules, type NoLanRules } from '../firewall/no-lan-rules.ts'

/**
 * The tables under which the guests of a shared network do not reach one another, neither over the bridge nor by way of
 * the host, and none can pass for another.
 */
export function sharedNetworkRules(table: NoLanRules, filtered: boolean): string {
  if (filtered) return noLanRules(table)
  const { name, bridge } = table
  return `${guestsOfBridgeTable(table)}
table inet ${name} {
  ${inetSenders(table)}
  chain prerouting {
    type filter hook prerouting priority mangle
    iifname != "${bridge}" accept
    meta nfproto != ipv4 drop
    ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept
    ether saddr . ip saddr != @senders drop
  }
  chain forward {
    type filter hook forward priority filter
    iifname "${bridge}" oifname "${bridge}" drop
  }
}
`
}
