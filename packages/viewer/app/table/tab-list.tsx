import type { FilteredTab } from './filter.ts'
import type { Tab, TabId } from './row.ts'

interface Props {
  readonly tabs: readonly FilteredTab[]
  readonly all: readonly Tab[]
  readonly chosen: TabId | undefined
  readonly onChoose: (id: TabId) => void
}

/** The names of the tables, with how many rows match. */
export function TabList({ tabs, all, chosen, onChoose }: Props) {
  const turn = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    const place = tabs.findIndex(({ id }) => id === chosen)
    const next = tabs[(place + by + tabs.length) % tabs.length]
    if (next === undefined) return
    onChoose(next.id)
    document.getElementById(`tab-${next.id}`)?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label="Tables" onKeyDown={turn}>
      {tabs.map(({ id, name, rows, hidden }, at) => (
        <button
          key={id}
          id={`tab-${id}`}
          type="button"
          role="tab"
          aria-selected={id === chosen}
          aria-controls="panel"
          tabIndex={id === chosen ? 0 : -1}
          class={all[at]?.rows.length === 0 ? 'empty' : ''}
          onClick={() => onChoose(id)}
        >
          {name}
          <small>
            {hidden > 0 ? `${rows.length}/${rows.length + hidden}` : rows.length === 0 ? '' : rows.length}
          </small>
        </button>
      ))}
    </div>
  )
}
