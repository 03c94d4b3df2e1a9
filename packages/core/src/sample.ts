import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { messageOf, SeeError } from './errors.ts'
import type { AttachedDisk } from './resources.ts'
import type { SeeContext } from './see-context.ts'

/** Up to this size the agent is quicker than a disk. */
const AGENT_LIMIT_BYTES = 1024 * 1024
const COPY_TIMEOUT_MS = 300_000

export interface InjectOptions {
  readonly signal?: AbortSignal
}

/**
 * Brings a file into the running guest and makes it executable: through the guest agent when it is small, else on a
 * read-only disk that is plugged in and unplugged again. A Windows guest gets it through the agent whatever its size.
 * @param path of a file on this host
 * @returns where it is in the guest: a path of ours, of which the file's name decides only the extension
 * @throws SeeError `FILE_UNREADABLE` or `SAMPLE_INJECTION`, or what the agent's methods throw
 */
export async function injectSample(
  context: SeeContext,
  path: string,
  options: InjectOptions = {},
): Promise<string> {
  const bytes = await sizeOf(path)
  options.signal?.throwIfAborted()
  const name = `see-${randomBytes(6).toString('hex')}${extensionOf(path)}`
  if (await context.agent.isWindows()) {
    const target = `C:\\Windows\\Temp\\${name}`
    await context.agent.writeFile(target, await readFile(path))
    return target
  }
  const target = `/tmp/${name}`
  const attach = context.resources.attachFile?.bind(context.resources)
  if (bytes <= AGENT_LIMIT_BYTES || attach === undefined) {
    await context.agent.writeFile(target, await readFile(path))
  } else {
    const disk = await attach(path)
    await copyFromDisk(context, disk, target, options.signal)
    await disk.detach()
  }
  await run(context, ['chmod', '0755', target], options.signal)
  return target
}

async function sizeOf(path: string): Promise<number> {
  const information = await stat(path).catch((error: unknown) => {
    throw new SeeError('FILE_UNREADABLE', `cannot read the sample ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  })
  if (information.isFile()) return information.size
  throw new SeeError('FILE_UNREADABLE', `the sample ${path} is not a regular file`)
}

/** The extension decides what some systems do with a file, so it is kept when it is a plain one. */
function extensionOf(path: string): string {
  const extension = extname(path)
  return /^\.[A-Za-z0-9]{1,16}$/.test(extension) ? extension : ''
}

// The guest's kernel takes a moment to see a disk that was plugged in.
const COPY = `
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  for serial in /sys/block/*/serial; do
    if [ "$(cat "$serial" 2>/dev/null)" = "$1" ]; then
      device=\${serial#/sys/block/}
      head -c "$2" "/dev/\${device%/serial}" >"$3" && [ "$(wc -c <"$3")" -eq "$2" ]
      exit
    fi
  done
  sleep 0.5
done
echo "no disk with serial number $1 appeared" >&2
exit 1`

async function copyFromDisk(
  context: SeeContext,
  { serial, contentBytes }: AttachedDisk,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await run(context, ['/bin/sh', '-c', COPY, 'copy', serial, String(contentBytes), target], signal)
}

async function run(
  context: SeeContext,
  argv: readonly [string, ...string[]],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { exitCode, stderr } = await context.agent.exec(argv, {
    timeoutMs: COPY_TIMEOUT_MS,
    maxOutputBytes: 1000,
    ...(signal === undefined ? {} : { signal }),
  })
  if (exitCode === 0) return
  throw new SeeError(
    'SAMPLE_INJECTION',
    `${argv[0]} exited with ${exitCode} in the guest: ${JSON.stringify(stderr.toString())}`,
  )
}
