import { childOf, type Element } from '../../../../common/xml-elements.ts'
import type { DomainPart } from './domain-part.ts'

const WARNED = 'with a `network`, what may lead out is the warning `INTERFACE_NOT_ISOLATED`, or refused'

export const hostDevices: readonly DomainPart[] = [
  {
    path: ['devices', 'hostdev'],
    fate: 'left',
    words: `the device is the host's, and one environment's at a time; ${WARNED}`,
  },
  {
    path: ['devices', 'vsock', 'cid'],
    fate: 'own',
    words: `a free number (\`auto\`); ${WARNED}`,
    makeOwn: (cid: Element) => {
      cid.removeAttribute('address')
      cid.setAttribute('auto', 'yes')
    },
  },
  { path: ['devices', 'lease'], fate: 'dropped', words: "it locks a disk that is not the guest's any more" },
  {
    path: ['seclabel'],
    which: 'of type `dynamic` with a `<label>`',
    fate: 'dropped',
    words: 'libvirt gives each domain one by the rules of this host',
    isMeant: isGenerated,
  },
  { path: ['seclabel'], which: 'other than that', fate: 'left', words: "it is the user's" },
  {
    path: ['commandline'],
    which: 'of `qemu:`',
    fate: 'left',
    words: `nothing is known of what it names; ${WARNED}`,
  },
]

/** What libvirt writes of a running domain. */
function isGenerated(label: Element): boolean {
  return (label.getAttribute('type') ?? 'dynamic') === 'dynamic' && childOf(label, 'label') !== undefined
}
