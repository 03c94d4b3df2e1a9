import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Environment,
  type QemuResources,
  qemuFactory,
  type SeeContext,
  type Template,
  TemplateStore,
  z,
} from '@see/core'
import { type Domain, Hypervisor } from '@see/libvirt'
import { beforeAll, expect, test } from 'vitest'
import { line } from './support/marks.ts'
import { TemplateFolder } from './support/template-guest.ts'

const MIB = 1024 * 1024
/** What a guest with 256 MiB is asked to make do with. */
const LITTLE_MIB = 96
const GIVING_BACK_MS = 20_000
/** A balloon that libvirt adds on its own, since the XML does not say that there is none. */
const withoutWord = (xml: string) => xml.replace('<memballoon model="none"/>', '')
const withBalloon = (xml: string) =>
  xml.replace('<memballoon model="none"/>', '<memballoon model="virtio" freePageReporting="on"/>')

const answer = z.object({ return: z.object({ actual: z.number() }).optional() })

let folder: TemplateFolder
let template: Template

beforeAll(async () => {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  let asked: Promise<unknown> | undefined
  folder = await TemplateFolder.withTiny(
    (own) => own.libvirtResources({}, withoutWord),
    (message, { path }) => {
      if (message === 'waiting until it has settled') asked = builtIn(hypervisor, path).then(askForMemory)
    },
  )
  await asked
  template = await new TemplateStore().open('tiny')
  // It is never powered on: it keeps the network for all the others, which take a second each to make one.
  const keeper = await Environment.allocate(qemuFactory(folder.libvirtResources()))
  return async () => {
    await keeper.deallocate()
    folder[Symbol.dispose]()
  }
}, 120_000)

/** The guest that is being made a template. */
async function builtIn(hypervisor: Hypervisor, path: string): Promise<Domain> {
  for (const domain of await hypervisor.listAllDomains()) {
    // Others' may go meanwhile.
    const xml = await domain.getXMLDesc().catch(() => '')
    if (xml.includes(join(path, 'templates'))) return domain
  }
  throw new Error('the guest of the template is not there')
}

async function ask(domain: Domain, execute: string, parameters = {}): Promise<unknown> {
  return JSON.parse(await domain.monitorCommand(JSON.stringify({ execute, arguments: parameters })))
}

/** A guest without a balloon cannot be asked. */
async function askForMemory(domain: Domain): Promise<void> {
  await ask(domain, 'balloon', { value: LITTLE_MIB * MIB })
}

async function untilGivenBack(domain: Domain): Promise<void> {
  for (let waitedMs = 0; waitedMs < GIVING_BACK_MS; waitedMs += 200) {
    const { return: balloon } = answer.parse(await ask(domain, 'query-balloon'))
    if (balloon === undefined || balloon.actual <= LITTLE_MIB * MIB) return
    await sleep(200)
  }
  throw new Error(`the guest did not give its memory back within ${GIVING_BACK_MS} ms`)
}

async function started(edit: (xml: string) => string): Promise<SeeContext<QemuResources>> {
  const { context } = await folder.libvirtClone(folder.libvirtResources({ template: 'tiny' }, edit))
  await context.poweron()
  return context
}

test('a template that is asked for memory while it is built keeps all of it', async () => {
  const { size, blocks } = await stat(template.path('memory'))
  expect(size).toBe(256 * MIB)
  expect(blocks * 512).toBeGreaterThanOrEqual(size)
})

test.each([
  ['whose XML has no word of a balloon', withoutWord],
  ['whose XML has a balloon that reports free pages', withBalloon],
])(
  'what a clone gives back %s is neither the template’s nor its siblings’',
  { timeout: 60_000 },
  async (_what, edit) => {
    const [giving, sibling] = [await started(edit), await started(edit)]
    const { blocks } = await stat(template.path('memory'))
    await askForMemory(giving.resources.domain)
    await untilGivenBack(giving.resources.domain)
    expect((await stat(template.path('memory'))).blocks).toBe(blocks)
    await template.verify(new AbortController().signal)
    expect(await line(sibling, 'sha256sum </bin/busybox')).toBe(await line(giving, 'sha256sum </bin/busybox'))
  },
)

const NAMESPACE = 'xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"'
const withArgument = (value: string) => (xml: string) =>
  xml.replace('<domain ', `$&${NAMESPACE} `).replace('</domain>', () => {
    const args = ['-device', value].map((each) => `<qemu:arg value='${each}'/>`).join('')
    return `<qemu:commandline>${args}</qemu:commandline></domain>`
  })

test.each([
  ['DOMAIN_XML_INVALID', 'virtio-balloon-pci,bus=pcie.0'],
  // What no look at the XML finds, QEMU itself reports.
  ['TEMPLATE_BUILD', '{"driver":"virtio-ballo\\u006fn-pci","bus":"pcie.0"}'],
])('no template is made of a guest with a balloon of the user’s own: %s', async (code, value) => {
  const build = folder.build('balloon', folder.libvirtResources({}, withArgument(value)))
  await expect(build).rejects.toMatchObject({ code, message: expect.stringContaining('balloon') })
  expect(await new TemplateStore().list()).toEqual(['tiny'])
})
