import { tokenize, type Token } from './tokens.ts'

/** `type name`, `type *name`, `type name[size]` or `type name<size>`; a size is a number or a constant's name. */
export interface Declaration {
  readonly type: string
  readonly name: string
  readonly shape: 'single' | 'optional' | 'fixed' | 'variable'
  readonly size: string
}

interface Member {
  readonly name: string
  readonly value: string
  /** The comment before the member: libvirt keeps its annotations there. */
  readonly comment: string
}

export type Definition =
  | { readonly kind: 'const'; readonly name: string; readonly value: string }
  | { readonly kind: 'typedef'; readonly name: string; readonly declaration: Declaration }
  | { readonly kind: 'struct'; readonly name: string; readonly fields: Declaration[] }
  | { readonly kind: 'enum'; readonly name: string; readonly members: Member[] }
  | {
      readonly kind: 'union'
      readonly name: string
      readonly discriminant: string
      readonly arms: { readonly label: string; readonly declaration: Declaration }[]
    }

/** Parses the part of the XDR language that libvirt uses. Throws with a line number at anything else. */
export function parse(source: string): Definition[] {
  const parser = new Parser(tokenize(source))
  const definitions: Definition[] = []
  while (!parser.atEnd()) definitions.push(parser.definition())
  return definitions
}

class Parser {
  readonly #tokens: Token[]
  #at = 0
  #comment = ''

  constructor(tokens: Token[]) {
    this.#tokens = tokens
  }

  atEnd(): boolean {
    this.#skipComments()
    return this.#at >= this.#tokens.length
  }

  definition(): Definition {
    const token = this.#next()
    switch (token.text) {
      case 'const':
        return this.#const()
      case 'typedef':
        return this.#typedef()
      case 'struct':
        return this.#struct()
      case 'enum':
        return this.#enum()
      case 'union':
        return this.#union()
      default:
        throw new Error(`line ${token.line}: a definition cannot start with '${token.text}'`)
    }
  }

  #const(): Definition {
    const name = this.#word()
    this.#expect('=')
    const value = this.#word()
    this.#expect(';')
    return { kind: 'const', name, value }
  }

  #typedef(): Definition {
    const declaration = this.#declaration()
    return { kind: 'typedef', name: declaration.name, declaration }
  }

  #struct(): Definition {
    const name = this.#word()
    this.#expect('{')
    const fields: Declaration[] = []
    while (!this.#accept('}')) fields.push(this.#declaration())
    this.#expect(';')
    return { kind: 'struct', name, fields }
  }

  #enum(): Definition {
    const name = this.#word()
    this.#expect('{')
    const members: Member[] = []
    while (!this.#accept('}')) {
      const member = this.#word()
      const comment = this.#comment
      this.#comment = ''
      this.#expect('=')
      members.push({ name: member, value: this.#word(), comment })
      this.#accept(',')
    }
    this.#expect(';')
    return { kind: 'enum', name, members }
  }

  #union(): Definition {
    const name = this.#word()
    this.#expect('switch')
    this.#expect('(')
    const discriminant = this.#type()
    this.#word()
    this.#expect(')')
    this.#expect('{')
    const arms: { label: string; declaration: Declaration }[] = []
    while (!this.#accept('}')) {
      this.#expect('case')
      const label = this.#word()
      this.#expect(':')
      arms.push({ label, declaration: this.#declaration() })
    }
    this.#expect(';')
    return { kind: 'union', name, discriminant, arms }
  }

  #declaration(): Declaration {
    const type = this.#type()
    const optional = this.#accept('*')
    const name = this.#word()
    let shape: Declaration['shape'] = optional ? 'optional' : 'single'
    let size = ''
    if (this.#accept('[')) {
      shape = 'fixed'
      size = this.#word()
      this.#expect(']')
    } else if (this.#accept('<')) {
      shape = 'variable'
      size = this.#word()
      this.#expect('>')
    }
    this.#expect(';')
    return { type, name, shape, size }
  }

  #type(): string {
    const type = this.#word()
    if (type !== 'unsigned') return type
    // `unsigned name;` means `unsigned int name;`
    const base = this.#peek()
    if (!['char', 'short', 'int', 'hyper'].includes(base)) return 'unsigned int'
    this.#next()
    return `unsigned ${base}`
  }

  #word(): string {
    const token = this.#next()
    if (token.kind !== 'word') throw new Error(`line ${token.line}: a word expected, found '${token.text}'`)
    return token.text
  }

  #accept(text: string): boolean {
    if (this.#peek() !== text) return false
    this.#next()
    return true
  }

  #expect(text: string): void {
    const token = this.#next()
    if (token.text !== text) throw new Error(`line ${token.line}: '${text}' expected, found '${token.text}'`)
  }

  #peek(): string {
    this.#skipComments()
    return this.#tokens[this.#at]?.text ?? ''
  }

  #next(): Token {
    this.#skipComments()
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Error('the file ends in the middle of a definition')
    return token
  }

  #skipComments(): void {
    for (let token = this.#tokens[this.#at]; token?.kind === 'comment'; token = this.#tokens[++this.#at]) {
      this.#comment = token.text
    }
  }
}
