import { InvalidArgumentError } from 'commander'

const PACKAGE = /^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$/
const MOST = 200
const LONGEST_NAME = 63

/** Reads names of Debian packages, as `python3,curl` or `python3=3.11.2-1+b1`; each once, in order. */
export function packagesOption(text: string): readonly string[] {
  const packages = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '')
  const odd = packages.find((name) => !PACKAGE.test(name))
  if (odd !== undefined) {
    const example = 'Expected names of Debian packages with commas between them, such as python3,curl'
    throw new InvalidArgumentError(`${JSON.stringify(odd.slice(0, 100))} is none. ${example}.`)
  }
  if (packages.length === 0 || packages.length > MOST) {
    throw new InvalidArgumentError(`Expected 1 to ${MOST} names of Debian packages.`)
  }
  return packages.toSorted()
}

/** The name of a guest that is given none; undefined where that would be too long. */
export function nameOf(packages: readonly string[]): string | undefined {
  const name = packages.map((each) => each.replace(/=.*/, '').replaceAll('+', 'x')).join('-')
  return name.length > LONGEST_NAME ? undefined : name
}
