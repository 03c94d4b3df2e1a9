/** Who subscribes and fires. Compared by identity: the same hook may be configured twice. */
export interface Owner {
  readonly name: string
  /** How long each run of its synchronous handlers may take, in milliseconds; an hour when not given. */
  readonly eachHandlerTimeoutMs?: number
}

/** The parts of a handler that name it. */
export interface OwnersHandler {
  readonly owner: Owner
  readonly handle: { readonly name: string }
}

/** `owner.function`, for logs and records. */
export function nameOf({ handle, owner }: OwnersHandler): string {
  const name = handle.name.replace(/^bound /, '')
  return `${owner.name}.${name === '' ? 'anonymous' : name}`
}
