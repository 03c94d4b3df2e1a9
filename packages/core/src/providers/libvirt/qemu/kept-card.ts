import { SeeError } from '../../../common/errors.ts'
import { TemplateStore } from '../../../templates/template-store.ts'
import type { QemuConfiguration } from './qemu-configuration.ts'

/** The address of the template's network card, which a clone keeps that is given no identity of its own. */
export async function keptCard(template: string | undefined): Promise<string | undefined> {
  if (template === undefined) return undefined
  const { manifest } = await new TemplateStore().open(template)
  return manifest.identity === null ? manifest.card?.mac_address : undefined
}

/**
 * The network of a guest that keeps the card of its template, whose addresses are not those of a shared one.
 * @throws SeeError `NETWORK_INVALID` where the configuration shares it
 */
export function unshared(network: QemuConfiguration['network']): QemuConfiguration['network'] {
  const { mode = 'nat-no-lan', sharing, configuration } = network ?? {}
  if (sharing === 'shared') {
    const why = 'a clone without an identity of its own has the address of its template'
    throw new SeeError('NETWORK_INVALID', `${why}: remove "sharing" from network, or "identity": false`)
  }
  if (network === undefined || configuration !== undefined || mode === 'none' || mode === 'sinkhole') {
    return network
  }
  return { ...network, sharing: 'own' }
}
