import { type Element, setText } from '../../../../common/xml-elements.ts'
import { type DomainPart, has } from './domain-part.ts'

/** Set by `editDomainXml`, since they are made where the XML lacks them. */
const always = (name: string, words: string): DomainPart => ({ path: [name], fate: 'own', words })

export const identity: readonly DomainPart[] = [
  always('name', "the environment's identifier"),
  always('uuid', "the environment's identifier"),
  always('genid', 'another one, where there is one'),
  {
    path: ['sysinfo', 'system', 'entry'],
    which: 'of the name `uuid`',
    fate: 'own',
    words: 'the same as `<uuid>`, which libvirt demands',
    isMeant: has('name', 'uuid'),
    makeOwn: (entry: Element, identifier) => setText(entry, identifier),
  },
  {
    path: ['sysinfo'],
    which: 'elsewhere, files of `fwcfg` included',
    fate: 'left',
    words: 'all environments show the guest the same serial numbers',
  },
]
