import { useLayoutEffect } from 'preact/hooks'

/** Calls what belongs to a key, unless it is typed into a field. */
export function useKeyboard(keys: Readonly<Record<string, () => unknown>>): void {
  // Before anything is painted: no key that is pressed on what is seen is lost.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const action = keys[event.key]
      if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      const typing = event.target instanceof HTMLInputElement
      const inTabs = event.target instanceof Element && event.target.closest('[role=tablist]') !== null
      const turns = event.key === 'ArrowLeft' || event.key === 'ArrowRight'
      if ((typing && event.key !== 'Escape') || (inTabs && turns)) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })
}
