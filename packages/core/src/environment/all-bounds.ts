// The bounds of everything that is waited for, for the documents.
export { environmentBoundsMs } from '../common/bounds-ms.ts'
export { transitionTimeoutsMs } from '../context/transition-bound.ts'
export { defaultHookBounds } from '../hooks/hook-bounds.ts'
