import { dirname, relative, resolve } from 'node:path'
import type { Node, ParseError } from 'jsonc-parser'
import { jsoncParser } from './jsonc-parser.ts'
import { parseBoundedJson } from '@see/qemu/bounded-json'
import type { z } from 'zod'
import { problemsOf } from './configuration-problem.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import { plainCopy } from './plain-copy.ts'
import { readUserFile } from './user-file.ts'

type Path = readonly PropertyKey[]

const MOST_PROBLEMS = 20
const PROBLEM_CHARACTERS = 500

/** A configuration as the user gave it, from a file or as an object, before any schema was applied. */
export class Configuration {
  readonly value: unknown
  /** The folder against which relative paths in it are resolved. */
  readonly folder: string
  readonly #file: string | undefined
  /** What it is called in messages where there is no file. */
  readonly #name: string
  readonly #text: string
  #tree: Node | undefined

  private constructor(value: unknown, name: string, file?: string, text = '') {
    this.value = value
    this.#name = name
    this.folder = file === undefined ? process.cwd() : dirname(file)
    this.#file = file
    this.#text = text
  }

  /**
   * @param source a path of a JSON file, or the configuration itself
   * @param name what messages call it where there is no file
   * @throws SeeError `FILE_UNREADABLE`, or `CONFIGURATION_INVALID` naming file, line and column
   */
  static load(source: string | object, name = 'configuration'): Configuration {
    if (typeof source !== 'string') return new Configuration(copyOf(source), name)
    const file = resolve(source)
    const text = readUserFile(file)
    try {
      return new Configuration(parseBoundedJson(text), name, file, text)
    } catch (error) {
      throw new SeeError('CONFIGURATION_INVALID', malformed(file, text, error), { cause: error })
    }
  }

  /** Parses the whole, or the part of it at `path`; the result shares nothing with that of another call. */
  parse<Schema extends z.ZodType>(schema: Schema, value = this.value, path: Path = []): z.output<Schema> {
    const result = schema.safeParse(copyOf(value))
    if (result.success) return result.data
    const problems = result.error.issues
      .slice(0, MOST_PROBLEMS + 1)
      .flatMap((issue) => problemsOf(issue, { value, schema, base: path }))
      .map(({ path: at, message }) => `${this.where(at)}: ${message}`)
    throw new SeeError('CONFIGURATION_INVALID', inShort([...new Set(problems)]), { cause: result.error })
  }

  /** The error for a problem at `path`. */
  invalid(message: string, path: Path): SeeError {
    return new SeeError('CONFIGURATION_INVALID', `${this.where(path)}: ${message}`)
  }

  /** `file:line:column` of what is at `path`, or of the nearest thing around it; the configuration's name without a file. */
  where(path: Path): string {
    if (this.#file === undefined) return this.#name
    const root = (this.#tree ??= jsoncParser().parseTree(this.#text))
    // An issue can lie in what is missing: then the nearest thing that is there.
    for (let depth = path.length; depth > 0; depth--) {
      const keys = path.slice(0, depth).map((key) => (typeof key === 'symbol' ? String(key) : key))
      const node = root && jsoncParser().findNodeAtLocation(root, keys)
      if (node === undefined) continue
      // A value stands after its key: the key is what to look for.
      return position(
        this.#file,
        this.#text,
        node.parent?.type === 'property' ? node.parent.offset : node.offset,
      )
    }
    return position(this.#file, this.#text, root?.offset ?? 0)
  }
}

function copyOf(value: unknown): unknown {
  try {
    return plainCopy(value)
  } catch (error) {
    throw new SeeError('CONFIGURATION_INVALID', `configuration: ${messageOf(error)}`, { cause: error })
  }
}

/** Some problems, and of each the beginning: a key may be as long as the file. */
function inShort(problems: readonly string[]): string {
  const kept = problems.slice(0, MOST_PROBLEMS).map((problem) => {
    return problem.length > PROBLEM_CHARACTERS ? `${problem.slice(0, PROBLEM_CHARACTERS)}…` : problem
  })
  return [...kept, ...(problems.length > MOST_PROBLEMS ? ['… and more'] : [])].join('\n')
}

function malformed(file: string, text: string, error: unknown): string {
  // The tree of what is too deep cannot be made.
  if (error instanceof RangeError) return `${position(file, text, 0)}: ${error.message}`
  const errors: ParseError[] = []
  jsoncParser().parseTree(text, errors, { disallowComments: true })
  const [first] = errors
  const what = first === undefined ? messageOf(error) : words(jsoncParser().printParseErrorCode(first.error))
  return `${position(file, text, first?.offset ?? 0)}: malformed JSON: ${what}`
}

function position(file: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  const name = relative(process.cwd(), file)
  return `${name.startsWith('..') ? file : name}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

/** `CommaExpected` → `comma expected`. */
function words(camelCase: string): string {
  return camelCase.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase()
}
