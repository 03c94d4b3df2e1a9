import { InvalidArgumentError } from 'commander'

/** A day less than what a timer of Node can be set to. */
const LONGEST_SECONDS = 2_000_000

/** Reads an option's seconds, and returns milliseconds. */
export function secondsOption(minimum: 'positive' | 'zero or more'): (text: string) => number {
  return (text) => {
    const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (seconds <= LONGEST_SECONDS && (seconds > 0 || minimum === 'zero or more')) return seconds * 1000
    throw new InvalidArgumentError(`Expected a number of seconds, ${minimum} and at most ${LONGEST_SECONDS}.`)
  }
}
