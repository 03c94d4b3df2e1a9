interface SunkTable {
  readonly name: string
  readonly bridge: string
  /** The bridge's ports: the container's and the sinkhole's. */
  readonly devices: readonly string[]
}

/**
 * Two tables of nftables, for frames and for packets, that cut a bridge off from the host: frames pass between its ports
 * only. They go by names, and so hold from a container's first frame on. `withoutNoLanTable` removes them.
 */
export function sunkTable({ name, bridge, devices }: SunkTable): string {
  const ports = devices.map((device) => `"${device}"`).join(', ')
  return `table bridge ${name} {
  chain input {
    type filter hook input priority filter
    iifname { ${ports} } drop
  }
  chain output {
    type filter hook output priority filter
    oifname { ${ports} } drop
  }
}
table inet ${name} {
  chain prerouting {
    type filter hook prerouting priority raw
    # So enters the host what comes when the bridge is gone before the container.
    iifname { ${ports} } drop
    # What is not tracked, no rule of the host's leads elsewhere.
    iifname "${bridge}" notrack
  }
}
`
}
