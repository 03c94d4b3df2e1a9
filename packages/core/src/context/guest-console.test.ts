import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { GuestConsole } from './guest-console.ts'

function consoleOf() {
  const opened: PassThrough[] = []
  const open = async () => {
    const stream = new PassThrough()
    opened.push(stream)
    return stream
  }
  return { opened, console: new GuestConsole(() => ({ isConfigured: async () => true, open })) }
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('two readers get the same from one console, and its end', async () => {
  const { console, opened } = consoleOf()
  const readers = await Promise.all([console.open(), console.open()])
  const texts = Promise.all(readers.map(textOf))
  expect(opened.length).toBe(1)
  opened[0]?.end('hello')
  expect(await texts).toEqual(['hello', 'hello'])
  expect(console.tail.toString()).toBe('hello')
  console.forget()
  expect(console.tail.length).toBe(0)
})

test('the last to leave lets go of the console, and the next opens it again', async () => {
  const { console, opened } = consoleOf()
  const [one, other] = await Promise.all([console.open(), console.open()])
  one.destroy()
  await expect.poll(() => opened[0]?.destroyed).toBe(false)
  other.destroy()
  await expect.poll(() => opened[0]?.destroyed).toBe(true)
  const again = await console.open()
  expect(opened.length).toBe(2)
  again.destroy()
})

test('one who leaves does not stop the others, nor does a slow one lose anything', async () => {
  const { console, opened } = consoleOf()
  const leaving = await console.open()
  const staying = await console.open()
  const large = Buffer.alloc(1024 * 1024, 'x')
  opened[0]?.end(large)
  // It is behind, so that the other one waits.
  await new Promise((resolve) => setTimeout(resolve, 20))
  leaving.destroy()
  expect((await textOf(staying)).length).toBe(large.length)
  expect(console.tail.length).toBe(16 * 1024)
})

test('an error of the console is every reader’s', async () => {
  const { console, opened } = consoleOf()
  const readers = await Promise.all([console.open(), console.open()])
  const read = Promise.allSettled(readers.map(textOf))
  opened[0]?.destroy(new Error('the line was cut'))
  expect((await read).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('a provider without a console is refused', async () => {
  const none = new GuestConsole(() => undefined)
  await expect(none.open()).rejects.toMatchObject({ code: 'ABILITY_MISSING' })
})
