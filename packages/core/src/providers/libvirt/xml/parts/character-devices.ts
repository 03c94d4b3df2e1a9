import { childOf, childrenOf, type Element, setText } from '../../../../common/xml-elements.ts'
import { type DomainPart, has } from './domain-part.ts'

/** Kinds of the host's end that have a name or an address there, which two guests cannot share. */
const KINDS = ['unix', 'file', 'dev', 'pipe', 'tcp', 'udp', 'nmdm']
/** What says where the host's end is, and how it is spoken to. */
const OF_THE_END = ['source', 'protocol', 'log']
const isNamed = has('type', ...KINDS)
const which = `of type ${KINDS.map((kind) => `\`${kind}\``).join(', ')}`

const isForward = (channel: Element): boolean =>
  childOf(channel, 'target')?.getAttribute('type') === 'guestfwd'

function becomes(type: string): (element: Element) => void {
  return (element) => {
    element.setAttribute('type', type)
    for (const name of OF_THE_END) for (const each of childrenOf(element, name)) element.removeChild(each)
  }
}

const port = (name: string): DomainPart => ({
  path: ['devices', name],
  which,
  fate: 'own',
  words: 'a pseudo-terminal (`pty`), which ConsoleHook reads',
  isMeant: isNamed,
  makeOwn: becomes('pty'),
})

const log = (name: string): DomainPart => ({
  path: ['devices', name, 'log'],
  fate: 'dropped',
  words: 'environments cannot share a file; ConsoleHook keeps what a guest prints',
})

const notSpice = (name: string, words: string): DomainPart => ({
  path: ['devices', name],
  which: 'other than `spicevmc`',
  fate: 'refused',
  words,
  isMeant: (element) => element.getAttribute('type') !== 'spicevmc',
})

/** Ports of the guest, and what else has an end on the host that is described like one. */
export const characterDevices: readonly DomainPart[] = [
  {
    path: ['devices', 'channel'],
    which: 'with `<target type="guestfwd">`',
    fate: 'refused',
    words: 'it leads the guest to a program of the host',
    isMeant: isForward,
  },
  {
    path: ['devices', 'channel'],
    which,
    fate: 'own',
    words: "a Unix socket, whose path libvirt chooses: the guest agent's, the identity's and every other",
    isMeant: isNamed,
    makeOwn: becomes('unix'),
  },
  {
    path: ['devices', 'channel'],
    which: 'of type `pty`, `spicevmc`, `spiceport` and others',
    fate: 'left',
    words: 'libvirt or its SPICE server gives each domain another end',
  },
  ...['serial', 'parallel', 'console'].map(port),
  ...['serial', 'parallel', 'console', 'channel'].map(log),
  {
    path: ['devices', 'rng', 'backend'],
    which: 'of model `egd`',
    fate: 'own',
    words: "the host's `/dev/urandom`, in place of a server's",
    isMeant: has('model', 'egd'),
    makeOwn: (backend) => {
      backend.removeAttribute('type')
      backend.setAttribute('model', 'random')
      setText(backend, '/dev/urandom')
    },
  },
  {
    path: ['devices', 'smartcard'],
    which: 'other than `spicevmc` in passthrough',
    fate: 'refused',
    words: "it is the host's card, or its certificates",
    isMeant: (card) => !(has('mode', 'passthrough')(card) && has('type', 'spicevmc')(card)),
  },
  notSpice('redirdev', 'it is a USB device that another program hands on'),
]
