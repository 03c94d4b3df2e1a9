import { type ExecResult, z } from '@see/core'

/** Windows has exit codes of 32 bits; Python tells of a signal by its number below zero. */
const answerSchema = z.object({
  exit_code: z.int().min(-64).max(0xff_ff_ff_ff).nullable(),
  command_output: z.string(),
})

export interface AgentAnswer {
  /** Null of a command that runs in the background. */
  readonly exitCode: number | null
  readonly output: string
}

/** @throws Error saying what of the answer is not as it should be */
export function parseAnswer(body: Buffer): AgentAnswer {
  const parsed = answerSchema.safeParse(JSON.parse(body.toString()))
  if (parsed.success) return { exitCode: parsed.data.exit_code, output: parsed.data.command_output }
  const problems = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
  throw new Error(problems.join('; '))
}

/** Both streams of the command are in one. */
export function resultOf(
  { output, exitCode }: AgentAnswer & { readonly exitCode: number },
  maxOutputBytes: number,
): ExecResult {
  const bytes = Buffer.from(output)
  return {
    exitCode: exitCode < 0 ? null : exitCode,
    signal: exitCode < 0 ? -exitCode : null,
    stdout: bytes.subarray(0, maxOutputBytes),
    stderr: Buffer.alloc(0),
    truncated: bytes.length > maxOutputBytes,
    lost: null,
  }
}
