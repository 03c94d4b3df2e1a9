const nothing = (): void => undefined

/** Something that happens once, to be waited for. */
export class Latch {
  readonly opened: Promise<void>
  #open = nothing

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
  }
}
