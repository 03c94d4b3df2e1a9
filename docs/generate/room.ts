/** A folder of a package's sources. Its own files stand above the rooms inside it. */
export interface Room {
  /** Relative to the room around it. */
  readonly name: string
  readonly what: string
  /** The rooms of the same floor that it may import. */
  readonly beside?: readonly string[]
  /** Packages that it must not import, although its package may. */
  readonly without?: readonly string[]
  /** The rooms inside. */
  readonly floors?: readonly Floor[]
}

/** Rooms that do not import one another, unless `beside` names it. */
export type Floor = readonly Room[]

export interface Package {
  /** Its folder in `packages`, and its name after `@see/`. */
  readonly name: string
  readonly what: string
  /** The other packages that it may import. */
  readonly imports: readonly string[]
  /** The modules of Node and of others that it may import; any where there is no list. */
  readonly modules?: readonly string[]
  /** From the top down: a room imports what is on the floors below. Files outside of all rooms stand above them. */
  readonly floors: readonly Floor[]
}
