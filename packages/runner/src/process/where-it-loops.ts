import { fileURLToPath } from 'node:url'

/** Places that are shown. */
const MOST_FRAMES = 3

/**
 * The functions that run, innermost first, from a stack that was captured by an evaluation inside of them; Node's and SEE's own are
 * left out. Empty where none is known.
 */
export function whereItLoops(stack: string): string {
  const lines = stack.split('\n')
  const evaluation = lines.findLastIndex((line) => line.includes('(eval at '))
  return lines
    .slice(evaluation + 1)
    .filter((line) => line.startsWith('    at ') && !/^ {4}at async |\(?node:|@see\/|\/packages\//.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => line.slice('    at '.length).replace(/file:\/\/[^\s):]+/, pathOf))
    .join(', called by ')
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}
