import type { ReportIndex } from '../../src/model/report-index.ts'
import { commandTab, consoleTab, screenTab } from './guest-tabs.ts'
import { changeTab, evidenceTab, indicatorTab, matchTab, registryTab } from './file-tabs.ts'
import { attemptTab, networkTab, requestTab } from './network-tabs.ts'
import { notesTab } from './notes-tab.ts'
import type { Tab } from './row.ts'
import { timelineTab } from './timeline-tab.ts'

/** Every table of the page. */
export function tabsOf(index: ReportIndex): Tab[] {
  const others = [
    commandTab(index),
    screenTab(index),
    networkTab(index),
    requestTab(index),
    changeTab(index),
    registryTab(index),
    matchTab(index),
    consoleTab(index),
    attemptTab(index),
  ]
  return [timelineTab(index, others), ...others, indicatorTab(index), evidenceTab(index), notesTab(index)]
}
