import { SeeError } from '../common/errors.ts'
import type { SeeContext } from '../context/see-context.ts'

const TIMEOUT_MS = 300_000

/** @throws SeeError `SAMPLE_INJECTION` when the program fails, or what the agent's method throws */
export async function runInGuest(
  context: SeeContext,
  argv: readonly [string, ...string[]],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { exitCode, stderr } = await context.agent.exec(argv, {
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: 1000,
    ...(signal === undefined ? {} : { signal }),
  })
  if (exitCode === 0) return
  throw new SeeError(
    'SAMPLE_INJECTION',
    `${argv[0]} exited with ${exitCode} in the guest: ${JSON.stringify(stderr.toString())}`,
  )
}
