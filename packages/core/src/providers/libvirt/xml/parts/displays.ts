import { networkInterfaces } from 'node:os'
import { childrenOf, type Element } from '../../../../common/xml-elements.ts'
import { type DomainPart, has } from './domain-part.ts'

const LOOPBACK = '127.0.0.1'
const EVERYWHERE = ['0.0.0.0', '::']

function isOfThisHost(address: string): boolean {
  if (EVERYWHERE.includes(address)) return true
  return Object.values(networkInterfaces()).some((all) => all?.some((each) => each.address === address))
}

/** libvirt picks a free port when the domain starts. */
function freePort(graphics: Element): void {
  for (const name of ['port', 'tlsPort']) graphics.removeAttribute(name)
  if (graphics.hasAttribute('websocket')) graphics.setAttribute('websocket', '-1')
  graphics.setAttribute('autoport', 'yes')
  if (graphics.hasAttribute('socket')) {
    graphics.removeAttribute('socket')
    for (const each of childrenOf(graphics, 'listen')) graphics.removeChild(each)
    const listen = graphics.ownerDocument?.createElement('listen')
    listen?.setAttribute('type', 'socket')
    if (listen !== undefined) graphics.appendChild(listen)
  }
  const address = graphics.getAttribute('listen')
  if (address !== null && address !== '' && !isOfThisHost(address)) graphics.setAttribute('listen', LOOPBACK)
  for (const listen of childrenOf(graphics, 'listen')) listenHere(listen)
}

function listenHere(listen: Element): void {
  const type = listen.getAttribute('type')
  listen.removeAttribute('socket')
  const address = listen.getAttribute('address') ?? ''
  if (type !== 'network' && (type !== 'address' || address === '' || isOfThisHost(address))) return
  listen.removeAttribute('network')
  listen.setAttribute('type', 'address')
  listen.setAttribute('address', LOOPBACK)
}

export const displays: readonly DomainPart[] = [
  {
    path: ['devices', 'graphics'],
    which: 'of type `vnc`, `spice` or `rdp`',
    fate: 'own',
    words: `a free port (\`autoport\`), or a socket whose path libvirt chooses; it listens at ${LOOPBACK} in place of an address that this host does not have, or of a network's`,
    isMeant: has('type', 'vnc', 'spice', 'rdp'),
    makeOwn: freePort,
  },
  {
    path: ['devices', 'audio'],
    which: 'of type `file`',
    fate: 'own',
    words: 'no sound (`none`)',
    isMeant: has('type', 'file'),
    makeOwn: (audio) => {
      audio.setAttribute('type', 'none')
      audio.removeAttribute('path')
    },
  },
]
