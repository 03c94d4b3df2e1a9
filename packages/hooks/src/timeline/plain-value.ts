const LIMITS = { depth: 8, values: 2000, characters: 256 * 1024, stringLength: 16 * 1024 }

export interface PlainAttributes {
  readonly attributes: Record<string, unknown>
  /** Whether something was left out or cut. */
  readonly isCut: boolean
}

/**
 * A copy of an event's attributes that `JSON.stringify` can write, and not at length: they may be anything, and some come
 * from the guest.
 */
export function plainAttributes(attributes: object): PlainAttributes {
  const copier = new Copier()
  const copy = copier.record(attributes, 1)
  return { attributes: copy, isCut: copier.isCut }
}

/** A text that is not at length. */
export function cutText(text: string): string {
  return new Copier().text(text)
}

class Copier {
  isCut = false
  #values = LIMITS.values
  #characters = LIMITS.characters
  readonly #parents = new Set<object>()

  copy(value: unknown, depth: number): unknown {
    if (--this.#values < 0) return this.#cut('[left out]')
    switch (typeof value) {
      case 'string':
        return this.text(value)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'bigint':
        return this.text(value.toString())
      case 'symbol':
        return this.text(String(value))
      case 'function':
        return this.text(`[function ${value.name}]`)
      case 'object':
        return value === null ? null : this.#guarded(value, depth)
      default:
        return value
    }
  }

  #guarded(value: object, depth: number): unknown {
    if (this.#parents.has(value)) return '[circular]'
    if (depth >= LIMITS.depth) return this.#cut('[too deep]')
    this.#parents.add(value)
    try {
      return this.#object(value, depth + 1)
    } catch {
      // A getter or a proxy threw.
      return this.#cut('[unreadable]')
    } finally {
      this.#parents.delete(value)
    }
  }

  #object(value: object, depth: number): unknown {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      return this.#cut(`[${value.byteLength} bytes]`)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (value instanceof URL || value instanceof RegExp) return this.text(String(value))
    if (value instanceof Error) {
      return this.record(Object.assign({ type: value.name, message: value.message }, value), depth)
    }
    if (value instanceof Map) return this.#list(value.entries(), depth)
    if (Array.isArray(value) || value instanceof Set) return this.#list(value.values(), depth)
    return this.record(value, depth)
  }

  #list(values: Iterable<unknown>, depth: number): unknown[] {
    const copies: unknown[] = []
    for (const value of values) {
      copies.push(this.copy(value, depth))
      if (this.#values < 0) break
    }
    return copies
  }

  record(value: object, depth: number): Record<string, unknown> {
    const copies: [string, unknown][] = []
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue
      if (this.#values <= 0) {
        this.isCut = true
        break
      }
      copies.push([this.text(key), this.copy(Reflect.get(value, key), depth)])
    }
    return Object.fromEntries(copies)
  }

  #cut(instead: string): string {
    this.isCut = true
    return instead
  }

  text(text: string): string {
    const room = Math.min(LIMITS.stringLength, this.#characters)
    if (text.length > room) this.isCut = true
    const kept = text.length > room ? `${text.slice(0, room)}… (${text.length} characters)` : text
    this.#characters = Math.max(0, this.#characters - kept.length)
    return kept
  }
}
