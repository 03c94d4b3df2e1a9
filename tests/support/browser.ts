import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

/** Debian's, which `scripts/setup.sh --tests` installs. */
const CHROMIUM = '/usr/bin/chromium-headless-shell'

/** What a page did beside showing itself. */
export interface Seen {
  /** Messages on the console, errors and dialogs. */
  readonly said: string[]
  /** Addresses, the page's own left out. */
  readonly requested: string[]
}

export async function startBrowser(): Promise<Browser> {
  // The sandbox of Chromium refuses root, as which some of the tests run.
  return await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false })
}

/** Opens a page from a file, as a double click would. */
export async function openPage(
  browser: Browser,
  html: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ readonly page: Page; readonly seen: Seen; readonly file: string }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  onTestFinished(async () => await context.close())
  const file = join(temporaryFolder(), 'report.html')
  writeFileSync(file, html)
  const page = await context.newPage()
  const seen: Seen = { said: [], requested: [] }
  const address = pathToFileURL(file).href
  page.on('console', (message) => seen.said.push(message.text()))
  page.on('pageerror', (error) => seen.said.push(error.message))
  page.on('dialog', (dialog) => {
    seen.said.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) seen.requested.push(request.url())
  })
  await page.goto(address)
  await page.getByRole('tab').first().waitFor()
  return { page, seen, file }
}
