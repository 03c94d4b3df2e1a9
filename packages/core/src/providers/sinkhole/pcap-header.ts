/** The header of a file, before its packets: https://www.tcpdump.org/manpages/pcap-savefile.5.txt */
export const PCAP_HEADER_BYTES = 24
const PACKET_HEADER_BYTES = 16
const ETHERNET = 1

/** The header of a capture of Ethernet frames, with microseconds. */
export function pcapHeader(snapLength: number): Buffer {
  const header = Buffer.alloc(PCAP_HEADER_BYTES)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(snapLength, 16)
  header.writeUInt32LE(ETHERNET, 20)
  return header
}

/** What is before each packet: how many bytes of it follow, how many it had, and when it came. */
export function packetHeader(keptBytes: number, bytes: number, epochMs: number): Buffer {
  const header = Buffer.alloc(PACKET_HEADER_BYTES)
  header.writeUInt32LE(Math.floor(epochMs / 1000), 0)
  header.writeUInt32LE((epochMs % 1000) * 1000, 4)
  header.writeUInt32LE(keptBytes, 8)
  header.writeUInt32LE(bytes, 12)
  return header
}
