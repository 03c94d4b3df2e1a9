import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hypervisor, parseUuid } from '@see/libvirt'
import { FakeDaemon } from '@see/libvirt/testing'
import { expect, onTestFinished, test } from 'vitest'
import { ReleaseStack } from '../../../common/release-stack.ts'
import { validateDomainXml } from './validate-domain-xml.ts'

const QUESTION = {
  identifier: '6695eb01-f6a4-8304-79aa-97f2502e193f',
  kind: 'a kind',
  file: 'domain.xml',
  xml: '<domain/>',
  flags: 0,
}
const dom = { name: 'x', uuid: parseUuid('6695eb01-f6a4-8304-79aa-97f2502e193f'), id: -1 }

interface Daemon {
  version: bigint
  answer: string
  refuses: boolean
}

/** A libvirtd of which the test decides what it says. */
async function fakeDaemon(answers: Daemon): Promise<FakeDaemon> {
  const daemon = await FakeDaemon.start()
  onTestFinished(() => daemon[Symbol.asyncDispose]())
  daemon.on('CONNECT_GET_LIB_VERSION', (call) => call.reply({ lib_ver: answers.version }))
  daemon.on('DOMAIN_DEFINE_XML_FLAGS', (call) => {
    if (answers.refuses) call.replyError({ message: 'no such machine' })
    else call.reply({ dom })
  })
  daemon.on('DOMAIN_GET_XML_DESC', (call) => call.reply({ xml: answers.answer }))
  daemon.on('DOMAIN_UNDEFINE_FLAGS', (call) => call.reply(undefined))
  return daemon
}

/** As one environment after the other asks. */
async function ask(uri: string): Promise<string> {
  await using hypervisor = await Hypervisor.open(uri, { shared: true })
  return await validateDomainXml(hypervisor, QUESTION, new ReleaseStack())
}

const count = (daemon: FakeDaemon, name: string): number =>
  daemon.received.filter((each) => each === name).length

test('a kind of guest is asked about once, by however many connections', async () => {
  const daemon = await fakeDaemon({ version: 9_000_000n, answer: '<domain/>', refuses: false })
  for (let times = 0; times < 3; times++) expect(await ask(daemon.uri)).toBe('<domain/>')
  expect(count(daemon, 'DOMAIN_DEFINE_XML_FLAGS')).toBe(1)
})

test('the version is asked once for all who share a connection', async () => {
  const daemon = await fakeDaemon({ version: 9_000_000n, answer: '<domain/>', refuses: false })
  await using first = await Hypervisor.open(daemon.uri, { shared: true })
  await using second = await Hypervisor.open(daemon.uri, { shared: true })
  for (const each of [first, second, first]) await validateDomainXml(each, QUESTION, new ReleaseStack())
  expect(count(daemon, 'CONNECT_GET_LIB_VERSION')).toBe(1)
})

test('a daemon of another version is asked again, and may refuse', async () => {
  const answers = { version: 9_000_000n, answer: '<domain/>', refuses: false }
  const daemon = await fakeDaemon(answers)
  await ask(daemon.uri)
  Object.assign(answers, { version: 10_000_000n, answer: '<domain type="new"/>' })
  expect(await ask(daemon.uri)).toBe('<domain type="new"/>')
  Object.assign(answers, { version: 11_000_000n, refuses: true })
  await expect(ask(daemon.uri)).rejects.toMatchObject({
    code: 'DOMAIN_XML_INVALID',
    message: 'libvirt refuses domain.xml: no such machine',
  })
})

test('a daemon that came in place of a lost one is asked again', async () => {
  const answers = { version: 9_000_000n, answer: '<domain/>', refuses: false }
  const daemon = await fakeDaemon(answers)
  await using hypervisor = await Hypervisor.open(daemon.uri, { shared: true })
  await validateDomainXml(hypervisor, QUESTION, new ReleaseStack())
  daemon.peers[0]?.socket.destroy()
  await hypervisor.closed
  answers.answer = '<domain type="restarted"/>'
  expect(await ask(daemon.uri)).toBe('<domain type="restarted"/>')
})

test('an emulator that was replaced is asked about again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-accepted-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const emulator = join(folder, 'qemu')
  writeFileSync(emulator, '')
  chmodSync(emulator, 0o755)
  const xml = `<domain><devices><emulator>${emulator}</emulator></devices></domain>`
  const answers = { version: 9_000_000n, answer: xml, refuses: false }
  const daemon = await fakeDaemon(answers)
  for (let times = 0; times < 2; times++) await ask(daemon.uri)
  expect(count(daemon, 'DOMAIN_DEFINE_XML_FLAGS')).toBe(1)
  utimesSync(emulator, 1, 1)
  for (let times = 0; times < 2; times++) await ask(daemon.uri)
  expect(count(daemon, 'DOMAIN_DEFINE_XML_FLAGS')).toBe(2)
})
