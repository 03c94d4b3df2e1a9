export { textOf } from '../disk-changes/files/listed-file.ts'
export { type DiskChange, diskChanges, parseWalk, type TrueFile, walkScript } from './disk-truth.ts'
export { callsOf, copyPrograms, inWorkshop } from './disk-workshop.ts'
export { asTskLists, toldBy, truthOf } from './truth-of-changes.ts'
