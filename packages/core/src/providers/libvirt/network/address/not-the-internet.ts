import { parseIpv4, rangeOf } from '../../../../common/subnet.ts'

/**
 * What is not the Internet: networks of private use, the link's own, shared address space, metadata services, groups and
 * what is kept for the future (IANA's registry of special-purpose addresses), as few prefixes as there can be.
 */
export const NOT_THE_INTERNET = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
]

export function isOnTheInternet(address: string): boolean {
  return !NOT_THE_INTERNET.map((network) => network.split('/'))
    .map(([first = '', prefix]) => rangeOf(first, Number(prefix)))
    .some(({ first, last }) => first <= parseIpv4(address) && parseIpv4(address) <= last)
}
