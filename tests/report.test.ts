import { readFileSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportHtml } from '@see/viewer'
import { CaseInMemory } from '../packages/viewer/dist/testing/case-in-memory.js'
import { fullCase } from '../packages/viewer/dist/testing/full-case.js'
import { openPage, startBrowser } from './support/browser.ts'

/** Markup, script ends, template syntax, comments, addresses that run, and characters that hide or reorder. */
const HOSTILE = [
  `<img src=x onerror="globalThis.ran=1"><svg/onload=globalThis.ran=2>`,
  `</script><script>globalThis.ran=3</script><!--</style>`,
  `{{constructor.constructor('globalThis.ran=4')()}}\${globalThis.ran=5}<%= ran=6 %>`,
  `javascript:globalThis.ran=7"'><iframe srcdoc="<script>parent.ran=8</script>">`,
  `\u202egpj.exe\u202c\u200b\u0000\u001b[2J\u0007\ufeff\u2028\u2066\u{e0041}`,
].join(' ')
/** How those are shown in boxes. */
const CODES = [
  'U+202E',
  'U+202C',
  'U+200B',
  'U+0000',
  'U+001B',
  'U+0007',
  'U+FEFF',
  'U+2028',
  'U+2066',
  'U+E0041',
]

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
}, 60_000)
afterAll(async () => await browser?.close())

const tabs = (page: Page) => page.getByRole('tab')
const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('cell') })

/** Everything that a page shows when each of its tables and rows is looked at. */
async function allShown(page: Page): Promise<string> {
  const shown = [await page.locator('header').innerText()]
  for (const tab of await tabs(page).all()) {
    await tab.click()
    for (const row of await rows(page).all()) {
      await row.click()
      shown.push((await row.textContent()) ?? '', (await page.locator('.details').textContent()) ?? '')
    }
  }
  return shown.join('\n')
}

test('what a guest wrote is text, whatever it is: nothing runs, and all of it is shown', async () => {
  const fields: string[] = []
  const { html } = await exportHtml(
    fullCase((field) => {
      fields.push(field)
      return `${field} ${HOSTILE} end of ${field}`
    }),
  )
  const { page, seen } = await openPage(browser, html)
  const box = await page.locator('.canvas').boundingBox()
  for (let x = 10; x < (box?.width ?? 0); x += 40) {
    await page.mouse.move((box?.x ?? 0) + x, (box?.y ?? 0) + 20 + ((x * 7) % ((box?.height ?? 0) - 30)))
  }
  const shown = await allShown(page)
  await page.emulateMedia({ media: 'print' })
  await page.evaluate(`dispatchEvent(new Event('beforeprint'))`)
  expect(await page.locator('#print tr').count()).toBeGreaterThan(50)
  expect(await page.locator('#print canvas').isVisible()).toBe(true)
  expect(await page.evaluate('globalThis.ran')).toBeUndefined()
  expect(seen).toEqual({ said: [], requested: [] })
  // Only what the application made is there.
  expect(
    await page.locator('#app :is(iframe, object, embed, script, style, svg, form, base, meta)').count(),
  ).toBe(0)
  expect(await page.locator('a[href^="javascript"], [onerror], [onload]').count()).toBe(0)
  expect(fields.length).toBeGreaterThan(50)
  // The content of these is only in their files.
  const elsewhere = ['not a PNG', 'extracted']
  expect(fields.filter((field) => !shown.includes(`end of ${field}`))).toEqual(elsewhere)
  const shows = (text: string) => shown.includes(text)
  const parts = [
    '<img src=x onerror="globalThis.ran=1">',
    '</script><script>globalThis.ran=3</script><!--</style>',
    `{{constructor.constructor('globalThis.ran=4')()}}`,
  ]
  expect([...parts, ...CODES].filter((text) => !shows(text))).toEqual([])
  const hidden = ['\u202e', '\u200b', '\u0000', '\u001b', '\ufeff', '\u2066']
  expect(hidden.filter(shows)).toEqual([])
}, 120_000)

test('a range filters every table; a search does; what was there comes back', async () => {
  const { page, seen } = await openPage(browser, (await exportHtml(fullCase())).html)
  await expect.poll(() => page.title()).toBe('sample – report of a case')
  const canvas = page.locator('.canvas')
  const box = await canvas.boundingBox()
  if (box === null) throw new Error('there is no axis')
  const at = (ms: number) => box.x + (ms / (9000 * 1.01)) * box.width
  const all = await tabs(page).allInnerTexts()
  await page.mouse.move(at(3900), box.y + 30)
  await page.mouse.down()
  await page.mouse.move(at(4350), box.y + 40, { steps: 4 })
  await page.mouse.up()
  const requests = page.getByRole('tab', { name: /Requests/ })
  await requests.click()
  await expect.poll(() => requests.innerText()).toMatch(/3\/7$/)
  await expect.poll(() => rows(page).count()).toBe(3)
  await page.getByRole('button', { name: 'zoom' }).click()
  await page.keyboard.press('/')
  await page.keyboard.type('sunk')
  await expect.poll(() => rows(page).count()).toBe(2)
  for (let press = 0; press < 4; press++) await page.keyboard.press('Escape')
  await expect.poll(() => tabs(page).allInnerTexts()).toEqual(all)
  expect(seen).toEqual({ said: [], requested: [] })
})

test('keys: events in turn, rows in turn, and the clock of the host', async () => {
  const { page } = await openPage(browser, (await exportHtml(fullCase())).html)
  const chosen = () => page.locator('.row.selected')
  await page.keyboard.press(']')
  await expect.poll(() => chosen().textContent()).toContain('pre_poweron')
  await page.keyboard.press(']')
  await expect.poll(() => chosen().textContent()).toContain('network_tracing_started')
  await page.keyboard.press('[')
  await expect.poll(() => chosen().textContent()).toContain('pre_poweron')
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => chosen().textContent()).toContain('handler 1')
  await expect.poll(() => chosen().textContent()).toContain('0.110')
  await page.getByRole('button', { name: 'wall' }).click()
  await expect.poll(() => chosen().textContent()).toContain('12:00:00.110')
})

test('indicators are taken along as CSV in which nothing is a formula', async () => {
  const { html } = await exportHtml(fullCase((field) => (field === 'dns name' ? '=cmd|calc\u202e"' : field)))
  const { page } = await openPage(browser, html, { acceptDownloads: true })
  await page.getByRole('tab', { name: /Indicators/ }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ])
  const text = readFileSync(await download.path(), 'utf8')
  expect(text).toContain(`"name","'=cmd|calc<U+202E>""","dns"\r\n`)
  expect(text).toContain('"url","http://host/uri","http"\r\n')
})

test.each(['light', 'dark'] as const)('accessible in %s: axe finds nothing serious', async (colorScheme) => {
  const { page } = await openPage(browser, (await exportHtml(fullCase())).html, {
    colorScheme,
    bypassCSP: true,
  })
  await page.evaluate(axe.source)
  for (const name of [/Timeline/, /Commands/, /Evidence/, /Notes/]) {
    await page.getByRole('tab', { name }).click()
    const found: unknown = await page.evaluate(
      `axe.run().then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => [id, nodes[0].html]))`,
    )
    expect(found).toEqual([])
  }
})

test.each([
  ['no evidence', { list: () => Promise.resolve([]), read: () => Promise.resolve(undefined) }],
  ['cut short', Object.assign(fullCase(), { complete: false })],
  ['no run.json', new CaseInMemory()],
])('a folder with %s opens and says so', async (said, source) => {
  const { page, seen } = await openPage(browser, (await exportHtml(source)).html)
  expect(await page.getByRole('heading').innerText()).toContain(said)
  expect(seen).toEqual({ said: [], requested: [] })
})
