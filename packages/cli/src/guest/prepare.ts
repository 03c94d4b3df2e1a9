import { lstat } from 'node:fs/promises'
import { join, parse } from 'node:path'
import {
  isSshAddress,
  parseSshAddress,
  type PreparedGuest,
  prepareAddress,
  prepareImage,
  printableJson,
  printableLine,
  SeeError,
} from '@see/core'
import { Interruption } from '@see/runner/interruption'
import { createProgress } from '../terminal/create-progress.ts'
import { createRunLog } from '../terminal/run-log.ts'
import { buildTinyGuest } from '@see/runner'
import type { Terminal } from '../terminal/terminal.ts'

interface PrepareFlags {
  /** An image or an address. */
  readonly target: string
  readonly output: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
}

/** Carries out `see guest prepare`. */
export async function prepare(flags: PrepareFlags, terminal: Terminal): Promise<void> {
  const progress = await createProgress(terminal.error)
  using interruption = new Interruption(progress.note)
  const { signal } = interruption
  try {
    const { place, prepared } = (await isAddress(flags))
      ? await prepareRunning(flags, progress, signal)
      : await prepareCopy(flags, progress, signal)
    progress.end(true)
    terminal.out.write(flags.json ? asJson(place, prepared) : asText(place, prepared))
  } catch (error) {
    progress.end(false)
    throw signal.aborted ? signal.reason : error
  }
}

/** Where it was installed, and what. */
interface Outcome {
  readonly place: { readonly output: string } | { readonly address: string }
  readonly prepared: PreparedGuest
}

type Progress = Awaited<ReturnType<typeof createProgress>>

async function prepareCopy(
  { target, output = besides(target), timeoutMs }: PrepareFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  if (!(await exists(target))) {
    const why = `there is no file ${printableLine(target)}; an address is written USER@HOST or ssh://HOST`
    throw new SeeError('FILE_UNREADABLE', why)
  }
  const logger = createRunLog(progress)
  const tiny = await buildTinyGuest({ signal, progress: progress.step })
  const [kernel, initrd] = [join(tiny, 'vmlinuz'), join(tiny, 'prepare.initrd')]
  const options = { kernel, initrd, timeoutMs, logger, signal, progress: progress.step }
  return { place: { output }, prepared: await prepareImage(target, output, options) }
}

async function prepareRunning(
  { target, output, timeoutMs }: PrepareFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  if (output !== undefined) {
    const why = `--output is for an image, and ${printableLine(target)} is an address: the guest there is changed itself`
    throw new SeeError('CONFIGURATION_INVALID', why)
  }
  const address = parseSshAddress(target)
  const tiny = await buildTinyGuest({ signal, progress: progress.step })
  progress.step(`installing at ${printableLine(target)}`)
  const options = { archive: join(tiny, 'prepare.tar'), timeoutMs, signal }
  return { place: { address: target }, prepared: await prepareAddress(address, options) }
}

/** A file of the name comes first. */
async function isAddress({ target }: PrepareFlags): Promise<boolean> {
  return isSshAddress(target) && !(await exists(target))
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

function asJson(place: Outcome['place'], { guest, done, missing }: PreparedGuest): string {
  return `${printableJson({ ok: true, ...place, guest, done, missing }, 2)}\n`
}

function asText(place: Outcome['place'], { guest, done, missing }: PreparedGuest): string {
  const lines = [
    `${guest} ${'output' in place ? `in ${place.output}` : `at ${place.address}`}`,
    ...done.map((what) => `  has now: ${what}`),
    ...missing.map((what) => `  still needs: ${what}`),
  ]
  return `${lines.map(printableLine).join('\n')}\n`
}

function besides(image: string): string {
  const { dir, name } = parse(image)
  return join(dir, `${name}-see.qcow2`)
}
