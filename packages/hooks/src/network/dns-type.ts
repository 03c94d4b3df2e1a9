/** https://www.iana.org/assignments/dns-parameters: those that are met. */
const names: Readonly<Record<string, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
}

/** The name of a DNS record type, of its number. */
export function dnsTypeOf(number: string | undefined): string {
  return number === undefined ? 'unknown' : (names[number] ?? `TYPE${number}`)
}
