import { type ExecResult, parseBoundedJson, z } from '@see/core'

/** Windows has exit codes of 32 bits; Python reports a signal as its negative number. */
const answerSchema = z.object({
  exit_code: z.int().min(-64).max(0xff_ff_ff_ff).nullable(),
  command_output: z.string(),
})

export interface AgentAnswer {
  /** Null of a command that runs in the background. */
  readonly exitCode: number | null
  readonly output: string
}

/** @throws Error saying which part of the answer is not as it should be */
export function parseAnswer(body: Buffer): AgentAnswer {
  const parsed = answerSchema.safeParse(parseBoundedJson(body.toString()))
  if (parsed.success) return { exitCode: parsed.data.exit_code, output: parsed.data.command_output }
  const problems = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
  throw new Error(problems.join('; '))
}

/** What there is of a truncated answer: the exit code if it has it, and the output up to there. */
export function partOfAnswer(body: Buffer): { readonly exitCode: number | null; readonly output: string } {
  const text = body.toString()
  const start = /"command_output"\s*:\s*"/.exec(text)
  const code = /"exit_code"\s*:\s*(-?\d{1,10})\s*[,}]/.exec(text.slice(0, start?.index ?? text.length))
  const exitCode = code === null ? null : Number(code[1])
  if (start === null) return { exitCode, output: '' }
  const begin = start.index + start[0].length
  return { exitCode, output: beginningOfString(text.slice(begin)) }
}

/** A string of JSON without its end, up to the last of its characters that is whole. */
function beginningOfString(text: string): string {
  // An escape has six characters at most.
  for (let cut = 0; cut <= 6; cut++) {
    try {
      const value: unknown = JSON.parse(`"${text.slice(0, text.length - cut)}"`)
      if (typeof value === 'string') return value
    } catch {
      // It ends within an escape, or there is something behind its own end.
    }
  }
  return ''
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
