import type { Ability } from './abilities.ts'

interface AbilityFacts {
  /** What can be done, for the documents. */
  readonly meaning: string
  /** What a provider without it lacks, as the beginning of an error's message. */
  readonly lack: string
}

/** What is said of each ability. */
export const abilityFacts: Readonly<Record<Ability, AbilityFacts>> = {
  agent: {
    meaning: 'runs programs and moves files in the guest',
    lack: 'sandboxes of this provider have no agent that runs commands',
  },
  attach: {
    meaning: 'brings large files into the guest as a disk',
    lack: 'sandboxes of this provider cannot be given a file as a disk',
  },
  capture: {
    meaning: 'captures the packets of the guest’s network',
    lack: 'sandboxes of this provider have no network to trace',
  },
  console: {
    meaning: 'reads the guest’s console',
    lack: 'sandboxes of this provider have no console to log',
  },
  disk: {
    meaning: 'reads the guest’s disks',
    lack: 'the disks of this provider’s sandboxes cannot be read',
  },
  ends: {
    meaning: 'reports when the guest ends or reboots unasked',
    lack: 'the ends of this provider’s sandboxes are not reported',
  },
  memory: {
    meaning: 'writes the guest’s memory to a file',
    lack: 'the memory of this provider’s sandboxes cannot be written',
  },
  screen: {
    meaning: 'captures the guest’s screen',
    lack: 'sandboxes of this provider have no screen to capture',
  },
  vnc: {
    meaning: 'has a VNC server at the guest’s screen',
    lack: 'sandboxes of this provider have no VNC server',
  },
}
