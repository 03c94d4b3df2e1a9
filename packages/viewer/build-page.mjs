// Builds the page of the report, app/, into dist/page.html: one file without data. Nothing is done where nothing changed.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const page = join(here, 'dist/page.html')
const stamp = join(here, 'dist/page.stamp')
const modules = join(here, '../../node_modules')

/** The SHA-256 of everything that the page is made of. */
async function stampOfInputs() {
  const files = ['build-page.mjs', 'package.json', '../../package-lock.json']
  for (const folder of ['app', 'src/model']) {
    const entries = await readdir(join(here, folder), { recursive: true, withFileTypes: true })
    for (const entry of entries)
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name).slice(here.length + 1))
  }
  const hash = createHash('sha256')
  for (const file of files.toSorted()) hash.update(`${file}\0`).update(await readFile(join(here, file)))
  return hash.digest('hex')
}

function sha256(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** Allows the page its own script and style, and nothing else: no address, no other script, no frame, no form. */
function withPolicy(html) {
  const [script, ...otherScripts] = [...html.matchAll(/<script[^>]*>([^]*?)<\/script>/g)]
  const [style, ...otherStyles] = [...html.matchAll(/<style[^>]*>([^]*?)<\/style>/g)]
  if (script === undefined || style === undefined || otherScripts.length + otherStyles.length > 0) {
    throw new Error('the page must have one script and one style')
  }
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(script[1])}`,
    `style-src ${sha256(style[1])}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html.replace('<meta charset="utf-8" />', () => {
    return `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`
  })
}

/** The licences of what is in the page, as a comment: their authors ask for that. */
async function licences() {
  const names = []
  const add = async (name) => {
    if (names.includes(name)) return
    names.push(name)
    const { dependencies = {} } = JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8'))
    for (const each of Object.keys(dependencies)) await add(each)
  }
  for (const name of ['preact', 'd3-scale']) await add(name)
  const texts = names.map(
    async (name) => `${name}\n\n${await readFile(join(modules, name, 'LICENSE'), 'utf8')}`,
  )
  return `<!--\nThis page contains:\n\n${(await Promise.all(texts)).join('\n').replaceAll('--', '- -')}-->\n`
}

const wanted = await stampOfInputs()
const isBuilt = existsSync(page) && (await readFile(stamp, 'utf8').catch(() => '')) === wanted
if (!isBuilt) {
  const [{ build }, { viteSingleFile }] = await Promise.all([
    import('vite'),
    import('vite-plugin-singlefile'),
  ])
  const result = await build({
    root: join(here, 'app'),
    configFile: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: { write: false, target: 'es2022', modulePreload: { polyfill: false } },
    plugins: [viteSingleFile()],
  })
  const html = result.output.find(({ fileName }) => fileName === 'index.html')
  await mkdir(join(here, 'dist'), { recursive: true })
  const comment = await licences()
  await writeFile(
    page,
    withPolicy(html.source).replace('</head>', () => `${comment}</head>`),
  )
  await writeFile(stamp, wanted)
}
