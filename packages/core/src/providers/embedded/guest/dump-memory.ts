import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { QemuProcess } from '@see/qemu'
import { SeeError } from '../../../common/errors.ts'
import type { CoreDumpOptions } from '../../../contract/memory-ability.ts'
import { QemuPipe } from '../qemu/qemu-pipe.ts'
import type { RunFolder } from '../folder/run-folder.ts'

const PIPE = 'memory'
const formats = { raw: 'elf', 'kdump-zlib': 'kdump-zlib' } as const

/** Has QEMU write the guest's memory through a pipe of ours to `path`, which may be another's pipe. */
export async function dumpMemory(
  { qmp, ended }: QemuProcess,
  folder: RunFolder,
  path: string,
  { format, signal }: Pick<CoreDumpOptions, 'format'> & { readonly signal: AbortSignal },
): Promise<void> {
  const pipe = await QemuPipe.make(folder, PIPE)
  let stopListening: (() => void) | undefined
  const completed = new Promise<void>((resolve, reject) => {
    stopListening = qmp.onEvent(({ event, data }) => {
      if (event !== 'DUMP_COMPLETED') return
      if (data['error'] === undefined) resolve()
      else reject(new SeeError('MEMORY_SNAPSHOT_FAILED', `QEMU: ${JSON.stringify(data['error'])}`))
    })
    void ended.then(() =>
      reject(new SeeError('GUEST_STOPPED', 'QEMU ended before it had written the memory')),
    )
  })
  completed.catch(() => undefined)
  // Aborted, it closes the pipe, which ends QEMU's writing.
  const copied = pipeline(pipe.source, createWriteStream(path), { signal })
  copied.catch(() => undefined)
  try {
    const parameters = { paging: false, detach: true, protocol: `file:${pipe.path}`, format: formats[format] }
    await Promise.race([qmp.execute('dump-guest-memory', parameters, { signal }), copied])
    pipe.opened()
    // The reader may leave; that also ends QEMU's writing.
    await Promise.race([completed, copied.then(() => completed)])
    await copied
  } finally {
    stopListening?.()
    await pipe.remove()
  }
}
