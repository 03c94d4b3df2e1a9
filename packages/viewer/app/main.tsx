import { render } from 'preact'
import { App } from './app.tsx'
import { PrintedReport } from './parts/print.tsx'
import { readIndex } from './read-index.ts'
import { tabsOf } from './table/tabs.ts'
import { visible } from './text/visible.ts'

const index = readIndex()
const tabs = tabsOf(index)
const [app, printed] = ['app', 'print'].map((id) => document.getElementById(id))
const name = index.head?.sample?.path.split(/[\\/]/).at(-1) ?? index.identifier
document.title = `${visible(name).slice(0, 100)} – report of a case`
if (app != null) render(<App index={index} tabs={tabs} />, app)
if (printed != null) {
  addEventListener('beforeprint', () => render(<PrintedReport index={index} tabs={tabs} />, printed))
  addEventListener('afterprint', () => render(null, printed))
}
