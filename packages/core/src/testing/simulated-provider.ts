import { abilities } from '../contract/abilities.ts'
import { ok } from '../contract/finding.ts'
import type { Provider } from '../contract/provider.ts'
import { SimulatedResources } from './simulated-resources.ts'

/** A provider of simulated sandboxes, for `registerProvider`; its resources files have the hypervisor `simulated:///`. */
export const simulatedProvider: Provider<typeof SimulatedResources.schema, SimulatedResources> = {
  name: 'simulated',
  title: 'Simulated',
  schemes: ['simulated'],
  uri: 'simulated:///',
  resources: SimulatedResources,
  abilities: abilities.filter((ability) => ability !== 'attach'),
  findings: async () => [ok('simulation', 'needs nothing of this host')],
}
