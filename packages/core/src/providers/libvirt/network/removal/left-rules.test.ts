import { expect, test } from 'vitest'
import { removalOfRules } from './left-rules.ts'

/** What libvirt 9.0 makes for a network, in the tables `filter`, `mangle` and `nat`. */
function rulesOf(bridge: string, subnet: string): Record<'filter' | 'mangle' | 'nat', string[]> {
  return {
    filter: [
      `-A LIBVIRT_FWI -d ${subnet} -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      `-A LIBVIRT_FWI -o ${bridge} -j REJECT --reject-with icmp-port-unreachable`,
      `-A LIBVIRT_FWO -s ${subnet} -i ${bridge} -j ACCEPT`,
      `-A LIBVIRT_FWO -i ${bridge} -j REJECT --reject-with icmp-port-unreachable`,
      `-A LIBVIRT_FWX -i ${bridge} -o ${bridge} -j ACCEPT`,
      `-A LIBVIRT_INP -i ${bridge} -p udp -m udp --dport 53 -j ACCEPT`,
    ],
    mangle: [`-A LIBVIRT_PRT -o ${bridge} -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill`],
    nat: [
      `-A LIBVIRT_PRT -s ${subnet} -d 224.0.0.0/24 -j RETURN`,
      `-A LIBVIRT_PRT -s ${subnet} ! -d ${subnet} -p tcp -j MASQUERADE --to-ports 1024-65535`,
      `-A LIBVIRT_PRT -s ${subnet} ! -d ${subnet} -j MASQUERADE`,
    ],
  }
}

function saved(...networks: readonly ReturnType<typeof rulesOf>[]): string {
  const table = (name: 'filter' | 'mangle' | 'nat') =>
    [`*${name}`, ':LIBVIRT_PRT - [0:0]', ...networks.flatMap((each) => each[name]), 'COMMIT'].join('\n')
  return `# Generated\n${table('mangle')}\n${table('filter')}\n${table('nat')}\n`
}

function removed(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('-D'))
}

const left = rulesOf('virbr-0a1b2c3d', '10.200.1.0/24')
const all = [...left.nat, ...left.mangle, ...left.filter].map((each) => each.replace('-A', '-D'))

test('every rule of the bridge is removed, those that name its subnet first, and no other', () => {
  const other = rulesOf('virbr0', '192.168.122.0/24')
  const removal = removalOfRules('virbr-0a1b2c3d', saved(other, left))
  expect(removed(removal)).toEqual(all)
  expect(removal).toMatch(/^\*nat\n[^*]*COMMIT\n\*mangle\n[^*]*COMMIT\n\*filter\n[^*]*COMMIT\n$/)
})

test('rules of the same subnet stay once for each other network that has it', () => {
  const same = rulesOf('virbr-ffffffff', '10.200.1.0/24')
  expect(removed(removalOfRules('virbr-0a1b2c3d', saved(left, same)))).toEqual(all)
  const unfinished = { ...left, nat: [] }
  const withoutNat = [...left.mangle, ...left.filter].map((each) => each.replace('-A', '-D'))
  expect(removed(removalOfRules('virbr-0a1b2c3d', saved(unfinished, same)))).toEqual(withoutNat)
})

test('a bridge without rules, and other chains than libvirt’s, are left alone', () => {
  const foreign = '*filter\n-A FORWARD -i virbr-0a1b2c3d -j ACCEPT\nCOMMIT\n'
  expect(removalOfRules('virbr-0a1b2c3d', `${foreign}${saved(rulesOf('virbr0', '10.0.0.0/24'))}`)).toBe('')
})
