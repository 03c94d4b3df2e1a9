/** A trace of packets of 60 bytes at these times, in milliseconds since the epoch. */
export function pcap(times: readonly number[]): Uint8Array {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  const packets = times.map((epochMs) => {
    const packet = Buffer.alloc(16 + 60)
    packet.writeUInt32LE(Math.floor(epochMs / 1000), 0)
    packet.writeUInt32LE(Math.round((epochMs % 1000) * 1000), 4)
    packet.writeUInt32LE(60, 8)
    packet.writeUInt32LE(60, 12)
    return packet
  })
  return Buffer.concat([header, ...packets])
}
