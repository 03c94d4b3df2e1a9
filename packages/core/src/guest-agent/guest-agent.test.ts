import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentChannel } from '../contract/agent-ability.ts'
import { SeeError } from '../common/errors.ts'
import { GuestAgent } from './guest-agent.ts'

type Parameters = Record<string, unknown>
type Answers = Record<string, (parameters: Parameters) => unknown>

/** A guest: its files and programs; `answers` replaces what its agent answers to a command. */
function guest(answers: Answers = {}) {
  const files = new Map<string, Buffer>()
  const handles = new Map<number, { path: string; offset: number }>()
  const commands: { execute: string; arguments: Parameters; bytes: number; timeoutSeconds: number }[] = []
  const executed: string[][] = []
  const programs: {
    polls: number
    exit: Parameters
    run?: (argv: string[], stdin: Buffer | undefined) => void
  } = {
    polls: 0,
    exit: { exitcode: 0 },
  }
  const fileOf = (parameters: Parameters) => {
    const handle = handles.get(Number(parameters['handle']))
    if (handle === undefined) throw new Error('no such handle')
    return { handle, content: files.get(handle.path) ?? Buffer.alloc(0) }
  }
  const standard: Answers = {
    'guest-ping': () => ({}),
    'guest-get-osinfo': () => ({ id: 'debian' }),
    'guest-exec': ({ path, arg, 'input-data': input }) => {
      const argv = [String(path), ...(arg as string[])]
      executed.push(argv)
      if (argv[1] === '-c') {
        files.set(`${argv[3]}.out`, Buffer.from(`${argv[3]}\n`))
        files.set(`${argv[3]}.err`, Buffer.from(`${argv[3]}\n`))
      }
      programs.run?.(argv, typeof input === 'string' ? Buffer.from(input, 'base64') : undefined)
      return { pid: 4711 }
    },
    'guest-exec-status': () =>
      programs.polls-- > 0 ? { exited: false } : { exited: true, ...programs.exit },
    'guest-file-open': ({ path, mode }) => {
      if (mode === 'r' && !files.has(String(path))) throw new Error(`failed to open file ${String(path)}`)
      if (String(mode).startsWith('w')) files.set(String(path), Buffer.alloc(0))
      handles.set(handles.size + 1, { path: String(path), offset: 0 })
      return handles.size
    },
    'guest-file-close': () => ({}),
    'guest-file-flush': () => ({}),
    'guest-file-seek': (parameters) => {
      const { handle, content } = fileOf(parameters)
      handle.offset = Number(parameters['offset']) + (parameters['whence'] === 2 ? content.length : 0)
      return { position: handle.offset, eof: false }
    },
    'guest-file-read': (parameters) => {
      const { handle, content } = fileOf(parameters)
      const part = content.subarray(handle.offset, handle.offset + Number(parameters['count']))
      handle.offset += part.length
      return { count: part.length, 'buf-b64': part.toString('base64'), eof: handle.offset >= content.length }
    },
    'guest-file-write': (parameters) => {
      const { handle, content } = fileOf(parameters)
      const part = Buffer.from(String(parameters['buf-b64']), 'base64')
      files.set(handle.path, Buffer.concat([content, part]))
      return { count: part.length, eof: false }
    },
  }
  const channel: AgentChannel = {
    async agentCommand(command, { timeoutSeconds }) {
      const parsed = JSON.parse(command) as { execute: string; arguments: Parameters }
      commands.push({ ...parsed, bytes: Buffer.byteLength(command), timeoutSeconds })
      const answer = answers[parsed.execute] ?? standard[parsed.execute]
      try {
        const value = await answer?.(parsed.arguments)
        return value instanceof Raw ? value.text : JSON.stringify({ return: value })
      } catch (error) {
        if (error instanceof SeeError) throw error
        return JSON.stringify({ error: { class: 'GenericError', desc: (error as Error).message } })
      }
    },
  }
  return { agent: new GuestAgent(channel), files, commands, executed, programs, standard }
}

/** A reply as it stands. */
class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** The folder in which the shell of an `exec` collects its output. */
function outputOf(argv: readonly string[]): string {
  return argv[3] ?? ''
}

function print(files: Map<string, Buffer>, path: string, part: Buffer): void {
  files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), part]))
}

describe('a command', () => {
  test('without a channel says what to add', async () => {
    const agent = new GuestAgent(undefined)
    await expect(agent.ping()).rejects.toMatchObject({ code: 'AGENT_UNAVAILABLE' })
    await expect(agent.waitUntilReady({ timeoutMs: 5000 })).rejects.toThrow(/org\.qemu\.guest_agent\.0/)
  })

  test.each([
    '',
    'garbage',
    '[]',
    'null',
    '42',
    '{}',
    '{"error": "text"}',
    '{"error": {"class": 1, "desc": 2}}',
    '{"return": {}',
    '{"error": {"desc": "no class"}}',
  ])('answered with %s fails', async (text) => {
    const { agent } = guest({ 'guest-ping': () => new Raw(text) })
    await expect(agent.ping()).rejects.toMatchObject({ code: 'AGENT_CHANNEL' })
  })

  test('refused by the agent fails with what it says', async () => {
    const refusal = '{"error": {"class": "CommandNotFound", "desc": "The command is disabled"}}'
    const { agent } = guest({ 'guest-ping': () => new Raw(refusal) })
    await expect(agent.ping()).rejects.toMatchObject({ code: 'AGENT_COMMAND_DISABLED' })
    await expect(agent.ping()).rejects.toThrow('refused guest-ping: "The command is disabled"')
  })

  test.each([
    ['a refusal', JSON.stringify({ error: { class: 'x', desc: '\u001b[2J\u009b2J\n'.repeat(10_000) } })],
    ['garbage', '\u001b[2J\u009b2J\n'.repeat(10_000)],
  ])('answered with %s that would control a terminal does not', async (_what, text) => {
    const { agent } = guest({ 'guest-ping': () => new Raw(text) })
    const error = await agent.ping().catch((thrown: unknown) => thrown as Error)
    const message = error?.message ?? ''
    expect(message).not.toMatch(/[^ -~]/)
    expect(message.length).toBeLessThan(3000)
  })

  test('answered with too much fails', async () => {
    const huge = `{"return": "${'x'.repeat(11 * 1024 * 1024)}"}`
    const { agent } = guest({ 'guest-ping': () => new Raw(huge) })
    await expect(agent.ping()).rejects.toMatchObject({ code: 'AGENT_CHANNEL' })
  })

  test('never answered fails in time', async () => {
    const { agent, commands } = guest({ 'guest-ping': () => new Promise(() => undefined) })
    await expect(agent.ping({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
    expect(commands[0]?.timeoutSeconds).toBe(1)
  })

  test('with any reply either succeeds or fails with a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
        const { agent } = guest({ 'guest-file-open': () => new Raw(text) })
        const error: unknown = await agent.readFile('/x').catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(SeeError)
      }),
      { numRuns: 200 },
    )
  })
})

describe('waiting for the agent', () => {
  test('goes on until it answers', async () => {
    let pings = 0
    const { agent } = guest({
      'guest-ping': () => {
        if (++pings < 3) throw new SeeError('AGENT_UNRESPONSIVE', 'not yet')
        return {}
      },
    })
    await agent.waitUntilReady({ timeoutMs: 5000, intervalMs: 1 })
    expect(pings).toBe(3)
  })

  test('gives up in time, saying why', async () => {
    const { agent } = guest({ 'guest-ping': () => new Promise(() => undefined) })
    const error = await agent.waitUntilReady({ timeoutMs: 20 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
    expect(String(error)).toMatch(/20 ms.*qemu-guest-agent/)
  })
})

describe('exec', () => {
  test('runs the program with its arguments untouched, and brings its output and exit code', async () => {
    const { agent, executed, files, programs, commands } = guest()
    programs.polls = 3
    programs.exit = { exitcode: 7 }
    programs.run = (argv) => {
      if (argv[1] !== '-c') return
      print(files, `${outputOf(argv)}.out`, Buffer.from([0, 1, 255]))
      print(files, `${outputOf(argv)}.err`, Buffer.from('warning'))
    }
    const argv = ['/bin/program', '$(reboot)', "'; reboot; '", '', '-x'] as const
    const result = await agent.exec(argv)
    expect(result).toEqual({
      exitCode: 7,
      signal: null,
      stdout: Buffer.from([0, 1, 255]),
      stderr: Buffer.from('warning'),
      truncated: false,
      lost: null,
    })
    const [shell] = executed
    expect(executed).toHaveLength(1)
    expect(shell?.slice(4)).toEqual(argv)
    expect(outputOf(shell ?? [])).toMatch(/^\/dev\/shm\/\.see-[0-9a-f-]{36}$/)
    expect(commands.filter(({ execute }) => execute === 'guest-exec-status')).toHaveLength(4)
  })

  test('reports which signal ended the program', async () => {
    const { agent, programs } = guest()
    programs.exit = { signal: 9 }
    expect(await agent.exec(['x'])).toMatchObject({ exitCode: null, signal: 9 })
  })

  test.each(['out', 'err'])('bounds the output (%s)', async (stream) => {
    const { agent, files, programs } = guest()
    programs.run = (argv) => {
      if (argv[1] === '-c') print(files, `${outputOf(argv)}.${stream}`, Buffer.alloc(101, 'x'))
    }
    const exact = await agent.exec(['x'], { maxOutputBytes: 101 })
    expect(exact.truncated).toBe(false)
    const bounded = await agent.exec(['x'], { maxOutputBytes: 100 })
    expect(bounded.truncated).toBe(true)
    expect(stream === 'out' ? bounded.stdout : bounded.stderr).toHaveLength(100)
  })

  test('gives the program its standard input, up to what fits into a command', async () => {
    const { agent, programs, commands } = guest()
    const given: (Buffer | undefined)[] = []
    programs.run = (_argv, stdin) => given.push(stdin)
    await agent.exec(['x'], { stdin: Buffer.alloc(48 * 1024, 1) })
    expect(given[0]?.equals(Buffer.alloc(48 * 1024, 1))).toBe(true)
    await agent.exec(['x'], { stdin: 'grüße' })
    expect(given.filter((each) => each !== undefined)[1]).toEqual(Buffer.from('grüße'))
    expect(Math.max(...commands.map(({ bytes }) => bytes))).toBeLessThan(128 * 1024)
    const before = commands.filter(({ execute }) => execute === 'guest-exec').length
    const tooMuch = agent.exec(['x'], { stdin: Buffer.alloc(48 * 1024 + 1) })
    await expect(tooMuch).rejects.toThrow(/49153 bytes does not fit.*write a file/)
    // One removes the files for its output.
    expect(commands.filter(({ execute }) => execute === 'guest-exec')).toHaveLength(before + 1)
  })

  test('kills what runs too long', async () => {
    const { agent, executed, programs } = guest()
    programs.polls = Number.POSITIVE_INFINITY
    const error = await agent.exec(['/bin/slow', 'x'], { timeoutMs: 30 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    expect(String(error)).toMatch(/\/bin\/slow x.*30 ms/)
    expect(executed.at(-1)).toEqual(['/bin/sh', '-c', expect.stringContaining('kill -9'), '4711'])
  })

  test('kills what is no longer wanted', async () => {
    const { agent, executed, programs } = guest()
    programs.polls = Number.POSITIVE_INFINITY
    const abort = new AbortController()
    const running = agent.exec(['/bin/slow'], { signal: abort.signal })
    await sleep(5)
    abort.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(executed.at(-1)).toEqual(['/bin/sh', '-c', expect.stringContaining('kill -9'), '4711'])
  })

  test('goes on when the guest is paused for a moment', async () => {
    let asked = 0
    const { agent, executed } = guest({
      'guest-exec-status': () => {
        if (++asked < 4) throw new SeeError('AGENT_UNRESPONSIVE', 'paused')
        return { exited: true, exitcode: 0 }
      },
    })
    expect(await agent.exec(['x'])).toMatchObject({ exitCode: 0 })
    expect(executed).toHaveLength(1)
  })

  test('does not wait forever when the guest stays paused', async () => {
    const { agent } = guest({ 'guest-exec-status': () => new Promise(() => undefined) })
    await expect(agent.exec(['x'], { timeoutMs: 30 })).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
  })

  test.each([
    ['guest-exec', {}],
    ['guest-exec', { pid: 'x' }],
    ['guest-exec', { pid: 1.5 }],
    ['guest-exec-status', {}],
    ['guest-exec-status', { exited: 'yes' }],
    ['guest-exec-status', { exited: true, exitcode: '0' }],
    ['guest-get-osinfo', { id: 7 }],
    ['guest-get-osinfo', { id: 'x'.repeat(201) }],
  ])('fails when %s is answered with %j', async (command, answer) => {
    const { agent } = guest({ [command]: () => answer })
    await expect(agent.exec(['x'])).rejects.toMatchObject({ code: 'AGENT_CHANNEL' })
  })

  test('fails when the program cannot be started', async () => {
    const { agent } = guest({
      'guest-exec': () => {
        throw new Error('Failed to execute child process')
      },
    })
    await expect(agent.exec(['x'])).rejects.toMatchObject({ code: 'AGENT_COMMAND_FAILED' })
  })
})

/** What a running program's shell and the program itself did so far is up to the test. */
function slowGuest(answers: Answers = {}) {
  const state = { ended: false }
  const made = guest({
    'guest-exec-status': () => (state.ended ? { exited: true, exitcode: 0 } : { exited: false }),
    ...answers,
  })
  return { ...made, state }
}

describe('output', () => {
  test('a file that holds something of ours still is none yet', async () => {
    const { agent, files, programs, executed, state } = slowGuest()
    const printed: string[] = []
    programs.run = (argv) => {
      const probe = Buffer.alloc(32 * 1024, 'room for output?\n')
      files.set(`${outputOf(argv)}.out`, probe)
      files.set(`${outputOf(argv)}.err`, Buffer.alloc(0))
    }
    const running = agent.exec(['x'], { onOutput: (_stream, part) => void printed.push(part.toString()) })
    await sleep(700)
    expect(printed).toEqual([])
    const base = outputOf(executed[0] ?? [])
    files.set(`${base}.out`, Buffer.from(`${base}\nprinted`))
    files.set(`${base}.err`, Buffer.from(`${base}\n`))
    state.ended = true
    expect(await running).toMatchObject({ stdout: Buffer.from('printed'), lost: null, truncated: false })
  })

  test.each([
    '',
    'short',
    'longer than the line with which the file began at first, so that its size proves nothing',
  ])('that was emptied before the first look is said to be: %j', async (left) => {
    const { agent, files, programs } = guest()
    programs.run = (argv) => void files.set(`${outputOf(argv)}.err`, Buffer.from(left))
    const { stderr, lost } = await agent.exec(['x'])
    expect([stderr.toString(), lost]).toEqual([left, expect.stringContaining('emptied')])
  })

  test.each(['shorter', 'longer than what was there before it was emptied'])(
    'that was emptied between two looks is said to be, and all of the new is there: %s',
    async (after) => {
      const { agent, files, executed, state } = slowGuest()
      let printed = ''
      const running = agent.exec(['x'], { onOutput: (_stream, part) => void (printed += part.toString()) })
      await expect.poll(() => executed.length).toBe(1)
      const path = `${outputOf(executed[0] ?? [])}.out`
      print(files, path, Buffer.from('what was there before\n'))
      await expect.poll(() => printed).toBe('what was there before\n')
      files.set(path, Buffer.from(after))
      state.ended = true
      const { lost } = await running
      expect([printed, lost]).toEqual([`what was there before\n${after}`, expect.stringContaining('emptied')])
    },
  )

  test('that programs left running print comes afterwards, if it is wanted', async () => {
    let isOpen = true
    const { agent, files, executed, commands, programs } = guest({
      'guest-exec-status': ({ pid }) => ({ exited: true, exitcode: pid === 2 && isOpen ? 3 : 0 }),
      'guest-exec': ({ path, arg }) => {
        const argv = [String(path), ...(arg as string[])]
        executed.push(argv)
        if (!String(argv[2]).includes('echo "$0"')) return { pid: 2 }
        print(files, `${outputOf(argv)}.out`, Buffer.from(`${outputOf(argv)}\nearly`))
        print(files, `${outputOf(argv)}.err`, Buffer.from(`${outputOf(argv)}\n`))
        programs.run?.(argv, undefined)
        return { pid: 1 }
      },
    })
    programs.run = (argv) => void files.set(`${outputOf(argv)}.out`, Buffer.from(`${outputOf(argv)}\nearly`))
    let printed = ''
    const onOutput = (_stream: string, part: Buffer) => void (printed += part.toString())
    const { stdout, late } = await agent.exec(['x'], { keepOutput: true, onOutput })
    expect([stdout.toString(), await late?.isOpen()]).toEqual(['early', true])
    const base = outputOf(executed[0] ?? [])
    expect(executed[1]?.[3]).toBe(base.replace('/dev/shm/', ''))
    print(files, `${base}.out`, Buffer.from(' late'))
    expect([await late?.collect(), printed]).toEqual([true, 'early late'])
    isOpen = false
    expect([await late?.isOpen(), await late?.close()]).toEqual([false, { truncated: false, lost: null }])
    expect(commands.filter(({ execute }) => execute === 'guest-file-close')).toHaveLength(2)
  })

  test('whose files are opened too late is not waited for, and they are removed', async () => {
    const { agent, executed, standard } = guest({
      'guest-file-open': async (parameters) => {
        await sleep(200)
        return standard['guest-file-open']?.(parameters)
      },
    })
    await expect(agent.exec(['x'], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
    await expect
      .poll(() => executed)
      .toEqual([['/bin/sh', '-c', expect.stringMatching(/^rm -f \/dev\/shm\/\.see-\S+\.out \S+\.err$/)]])
  })
})

/** What its batch file writes the program's output to. */
function batchOf(argv: readonly string[]): string {
  return String(argv[3]).replace(/\.cmd$/, '')
}

function notKnown(): never {
  throw new Error('The command guest-get-osinfo has not been found')
}

describe('exec in a guest without a shell', () => {
  const windows: Answers = { 'guest-get-osinfo': () => ({ id: 'mswindows' }) }
  const BASE = /^C:\\Windows\\Temp\\see-[0-9a-f-]{36}$/

  test('a batch file has the output in files', async () => {
    const { agent, programs, executed, files, commands } = guest(windows)
    programs.exit = { exitcode: 1 }
    programs.run = (argv) => {
      const base = batchOf(argv)
      if (!BASE.test(base)) return
      files.set(`${base}.out`, Buffer.from('out'))
      files.set(`${base}.err`, Buffer.from('err'))
    }
    expect(await agent.exec(['C:\\Program Files\\x.exe', 'a b', '%PATH%'])).toEqual({
      exitCode: 1,
      signal: null,
      stdout: Buffer.from('out'),
      stderr: Buffer.from('err'),
      truncated: false,
      lost: null,
    })
    expect(executed[0]?.slice(0, 3)).toEqual(['cmd.exe', '/d', '/c'])
    const base = batchOf(executed[0] ?? [])
    expect(base).toMatch(BASE)
    expect(files.get(`${base}.cmd`)?.toString()).toBe(
      `@"C:\\Program Files\\x.exe" ^"a b^" %%PATH%% 1>>"${base}.out" 2>>"${base}.err"\r\n@exit %errorlevel%\r\n`,
    )
    expect(executed.at(-1)).toEqual(['cmd.exe', '/d', '/c', `del ${base}.*`])
    expect(commands.find(({ execute }) => execute === 'guest-exec')?.arguments).toMatchObject({
      'capture-output': false,
    })
  })

  test('output of which more than 10 MB are there is truncated as elsewhere, and the exit code known', async () => {
    const { agent, programs, files, commands } = guest(windows)
    programs.exit = { exitcode: 7 }
    programs.run = (argv) => {
      files.set(`${batchOf(argv)}.out`, Buffer.alloc(12_000_000, 'x'))
      files.set(`${batchOf(argv)}.err`, Buffer.alloc(0))
    }
    const { exitCode, stdout, truncated } = await agent.exec(['x'], { maxOutputBytes: 2_000_000 })
    expect({ exitCode, truncated, bytes: stdout.length }).toEqual({
      exitCode: 7,
      truncated: true,
      bytes: 2_000_000,
    })
    expect(commands.every(({ arguments: { count = 0 } }) => Number(count) <= 1024 * 1024)).toBe(true)
  })

  test('output that a child has open for writing is copied first', async () => {
    const locked = /see-[^.]*\.(out|err)$/
    const { agent, programs, files, executed, standard } = guest({
      ...windows,
      'guest-file-open': (parameters) => {
        if (locked.test(String(parameters['path']))) throw new Error('The process cannot access the file')
        return standard['guest-file-open']?.(parameters)
      },
    })
    programs.run = ([, , , command = '']) => {
      const copied = /^type (\S+) >(\S+)$/.exec(command)
      if (copied !== null) files.set(copied[2] ?? '', Buffer.from(`copy of ${copied[1]?.slice(-3)}`))
    }
    const { stdout, stderr } = await agent.exec(['x'])
    expect([stdout.toString(), stderr.toString()]).toEqual(['copy of out', 'copy of err'])
    expect(executed).toHaveLength(4)
  })

  test('what programs left running print comes afterwards, if it is wanted, and the files are removed then', async () => {
    const { agent, programs, files, executed } = guest(windows)
    programs.run = (argv) => {
      const base = batchOf(argv)
      if (!BASE.test(base)) return
      files.set(`${base}.out`, Buffer.from('early'))
      files.set(`${base}.err`, Buffer.alloc(0))
    }
    let printed = ''
    const onOutput = (_stream: string, part: Buffer) => void (printed += part.toString())
    const { stdout, late } = await agent.exec(['x'], { keepOutput: true, onOutput })
    expect(stdout.toString()).toBe('early')
    const base = batchOf(executed[0] ?? [])
    print(files, `${base}.out`, Buffer.from(' late'))
    programs.exit = { exitcode: 1 }
    expect(await late?.isOpen()).toBe(true)
    expect(executed.at(-1)).toEqual(['cmd.exe', '/d', '/c', `(call ) >>${base}.out && (call ) >>${base}.err`])
    programs.exit = { exitcode: 0 }
    expect(await late?.isOpen()).toBe(false)
    expect([await late?.close(), printed]).toEqual([{ truncated: false, lost: null }, 'early late'])
    expect(executed.at(-1)).toEqual(['cmd.exe', '/d', '/c', `del ${base}.*`])
  })

  test('kills what runs too long, with its children', async () => {
    const { agent, executed, programs } = guest(windows)
    programs.polls = Number.POSITIVE_INFINITY
    const running = agent.exec(['slow.exe'], { timeoutMs: 30 })
    await expect(running).rejects.toMatchObject({ code: 'GUEST_EXEC_TIMEOUT' })
    expect(executed).toContainEqual(['taskkill.exe', '/f', '/t', '/pid', '4711'])
  }, 15_000)

  test('words that no batch file can hold are left to the agent, output and all', async () => {
    const { agent, programs, executed } = guest(windows)
    programs.exit = { exitcode: 0, 'out-data': base64('output'), 'out-truncated': true }
    const result = await agent.exec(['x', 'two\nlines'], { maxOutputBytes: 3 })
    expect(result).toMatchObject({ stdout: Buffer.from('out'), truncated: true })
    expect(executed).toEqual([['x', 'two\nlines']])
    programs.exit = { exitcode: 0, 'out-data': '***' }
    await expect(agent.exec(['x', 'two\nlines'])).rejects.toMatchObject({ code: 'AGENT_CHANNEL' })
  })
})

describe('an agent that does not know guest-get-osinfo', () => {
  test.each([
    ['/bin/sh', false],
    ['C:\\Windows\\System32\\cmd.exe', true],
    ['/nothing', false],
  ])('is asked for files instead: %s', async (path, isWindows) => {
    const { agent, files } = guest({ 'guest-get-osinfo': notKnown })
    files.set(path, Buffer.from(''))
    expect(await agent.isWindows()).toBe(isWindows)
  })

  test('is an error only when it is silent', async () => {
    const { agent } = guest({
      'guest-get-osinfo': () => {
        throw new SeeError('AGENT_UNRESPONSIVE', 'silent')
      },
    })
    await expect(agent.isWindows()).rejects.toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
  })
})

describe('files', () => {
  test.each([0, 1, 48 * 1024, 48 * 1024 + 1, 200_000])(
    'of %d bytes are written in small chunks and read back',
    async (size) => {
      const { agent, files, commands } = guest()
      const content = Buffer.alloc(size, 'content')
      await agent.writeFile('/tmp/file', content)
      expect(files.get('/tmp/file')?.equals(content)).toBe(true)
      expect(commands.filter(({ execute }) => execute === 'guest-file-write')).toHaveLength(
        Math.ceil(size / 49_152),
      )
      expect(Math.max(...commands.map(({ bytes }) => bytes))).toBeLessThan(66_000)
      expect((await agent.readFile('/tmp/file')).equals(content)).toBe(true)
      const handles = commands.filter(({ execute }) => execute === 'guest-file-open').length
      expect(commands.filter(({ execute }) => execute === 'guest-file-close')).toHaveLength(handles)
    },
  )

  test('larger than one reply are read in parts', async () => {
    const { agent, files, commands } = guest()
    const content = Buffer.alloc(2.5 * 1024 * 1024, 'content')
    files.set('/tmp/file', content)
    expect((await agent.readFile('/tmp/file', { maxBytes: content.length })).equals(content)).toBe(true)
    expect(commands.filter(({ execute }) => execute === 'guest-file-read')).toHaveLength(3)
  })

  test('larger than allowed are refused, and closed', async () => {
    const { agent, files, commands } = guest()
    files.set('/tmp/file', Buffer.alloc(101))
    expect(await agent.readFile('/tmp/file', { maxBytes: 101 })).toHaveLength(101)
    const error = await agent.readFile('/tmp/file', { maxBytes: 100 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'GUEST_OUTPUT_LIMIT' })
    expect(String(error)).toMatch(/\/tmp\/file.*100 bytes/)
    expect(commands.at(-1)?.execute).toBe('guest-file-close')
  })

  test('that are missing are named', async () => {
    const { agent } = guest()
    await expect(agent.readFile('/missing')).rejects.toThrow('failed to open file /missing')
  })

  test.each([
    ['more bytes than asked for', { count: 1, 'buf-b64': Buffer.alloc(20).toString('base64'), eof: true }],
    ['what is not Base64', { count: 1, 'buf-b64': '***', eof: true }],
    ['a negative count', { count: -1, 'buf-b64': '', eof: true }],
    ['no content', { count: 1, eof: true }],
    ['no end', { count: 0, 'buf-b64': '' }],
  ])('a read answered with %s fails, and the file is closed', async (_what, answer) => {
    const { agent, files, commands } = guest({ 'guest-file-read': () => answer })
    files.set('/tmp/file', Buffer.alloc(1))
    await expect(agent.readFile('/tmp/file', { maxBytes: 10 })).rejects.toMatchObject({
      code: 'AGENT_CHANNEL',
    })
    expect(commands.at(-1)?.execute).toBe('guest-file-close')
  })

  test('a guest that sends a byte at a time without end is asked once', async () => {
    const { agent, files, commands } = guest({
      'guest-file-read': () => ({ count: 1, 'buf-b64': 'eA==', eof: false }),
    })
    files.set('/tmp/file', Buffer.alloc(1))
    expect(await agent.readFile('/tmp/file')).toEqual(Buffer.from('x'))
    expect(commands.filter(({ execute }) => execute === 'guest-file-read')).toHaveLength(1)
  })

  test.each([0, 1, 11, -1, 'x'])('a write of 10 bytes answered with %j fails', async (count) => {
    const { agent, commands } = guest({ 'guest-file-write': () => ({ count, eof: false }) })
    await expect(agent.writeFile('/tmp/file', Buffer.alloc(10))).rejects.toMatchObject({
      code: 'AGENT_CHANNEL',
    })
    expect(commands.filter(({ execute }) => execute === 'guest-file-write')).toHaveLength(1)
  })

  test('a write that fails is not hidden by a close that fails', async () => {
    const { agent } = guest({
      'guest-file-write': () => {
        throw new Error('No space left on device')
      },
      'guest-file-close': () => {
        throw new Error('bad handle')
      },
    })
    await expect(agent.writeFile('/tmp/file', 'x')).rejects.toThrow('No space left')
  })

  test('a close that fails after a write is a failure: the content may be lost', async () => {
    const { agent } = guest({
      'guest-file-close': () => {
        throw new Error('No space left on device')
      },
    })
    await expect(agent.writeFile('/tmp/file', 'x')).rejects.toThrow('No space left')
  })

  test('a chunk of the largest size is understood', async () => {
    const { agent, files } = guest()
    files.set('/tmp/file', Buffer.alloc(1024 * 1024, 0xa5))
    expect(await agent.readFile('/tmp/file')).toHaveLength(1024 * 1024)
  })
})
