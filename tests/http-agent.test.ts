import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, type QemuResources, qemuFactory, type SeeContext } from '@see/core'
import type { CommandRecord } from '@see/hooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HTTP_AGENT_PORT, startHttpAgent } from './support/http-agent.ts'
import { sharedTemplate } from './support/shared-template.ts'

const GUEST_MS = 90_000

describe('a guest with the reference’s HTTP agent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-http-agent-'))
  let environment: Environment<QemuResources>
  let context: SeeContext<QemuResources>
  let commands = 0

  beforeAll(async () => {
    const hook = {
      name: 'plugins.commands.CommandsHook',
      configuration: { results_folder: folder, 'agent-port': HTTP_AGENT_PORT, 'agent-system': 'posix' },
    }
    // Its network is the one by default, in which the guest reaches nothing of this host.
    environment = await Environment.allocate(qemuFactory(await sharedTemplate('libvirt')), {
      hooks: [hook],
    })
    context = environment.context
    await context.poweron()
    await startHttpAgent(context, GUEST_MS)
  }, GUEST_MS)

  afterAll(async () => {
    await environment.deallocate()
    rmSync(folder, { recursive: true })
  }, GUEST_MS)

  function last(): { record: CommandRecord; stdout: () => string } {
    const base = join(folder, `${environment.identifier}_command_${++commands}`)
    return {
      record: JSON.parse(readFileSync(`${base}.json`, 'utf8')),
      stdout: () => readFileSync(`${base}.stdout`, 'utf8'),
    }
  }

  test('runs a command, at the address that the context knows', async () => {
    await context.trigger('run_command', { command: 'printf "%s|" "a b" c; hostname; exit 4' })
    const { record, stdout } = last()
    expect(context.failures).toEqual([])
    expect(record).toMatchObject({ status: 'finished', exit_code: 4 })
    expect(stdout()).toBe(`a b|c|see-${context.identifier.slice(0, 8)}\n`)
  })

  test('is given a sample of megabytes, and a name that needs no quotes', async () => {
    const sample = join(folder, 'a sample; $(x).bin')
    const content = randomBytes(3_000_000)
    writeFileSync(sample, content)
    await context.trigger('ip_address', { address: await context.waitForIp4Address() })
    await context.trigger('run_sample', { sample, command: 'sha256sum {sample} | tr -d {}' })
    const { record, stdout } = last()
    expect(context.failures).toEqual([])
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(record).toMatchObject({ status: 'finished', exit_code: 0, sha256 })
    expect(stdout()).toMatch(new RegExp(`^${sha256}  /tmp/\\S+/a_sample____x_\\.bin\n$`))
  })

  test('runs in the background what is not waited for', async () => {
    const command = 'sleep 1; echo done >/tmp/background'
    await context.trigger('run_command', { command, async_flag: true })
    await context.settled()
    expect(last().record).toMatchObject({ status: 'running', exit_code: null, error: null })
    const told = async () => (await context.agent.exec(['cat', '/tmp/background'])).stdout.toString()
    await expect.poll(told, { timeout: GUEST_MS }).toBe('done\n')
  })

  test('is not asked any more once it is off', async () => {
    const running = context.trigger('run_command', { command: 'sleep 600' })
    const record = join(folder, `${environment.identifier}_command_${++commands}.json`)
    await expect.poll(() => readFileSync(record, 'utf8')).toContain('"status": "running"')
    await context.domain.destroy()
    await running
    expect(context.failures).toMatchObject([{ handler: '@see/hooks#CommandsHook.run' }])
  })
})
