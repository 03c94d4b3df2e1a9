export { recordingLogger } from './recording-logger.ts'
export { type Faults, SimulatedDomain } from './simulated-domain.ts'
export { SimulatedResources, simulatedFactory } from './simulated-resources.ts'
