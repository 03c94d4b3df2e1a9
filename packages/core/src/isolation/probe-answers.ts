import type { ProbeAnswer } from './attempt.ts'

const LINE = /^(\d{1,3}) (reached|refused|blocked|unable)$/

/** What the probe printed, by the number of the attempt; the guest wrote it, and lines that are none of ours are dropped. */
export function probeAnswers(output: string, attempts: number): ReadonlyMap<number, ProbeAnswer> {
  const answers = new Map<number, ProbeAnswer>()
  for (const line of output.split('\n')) {
    const [, digits = '', answer] = LINE.exec(line) ?? []
    const number = Number(digits)
    if (digits === '' || number >= attempts || answers.has(number)) continue
    if (answer === 'reached' || answer === 'refused' || answer === 'blocked' || answer === 'unable') {
      answers.set(number, answer)
    }
  }
  return answers
}
