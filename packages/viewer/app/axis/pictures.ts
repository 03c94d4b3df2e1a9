import { pictureAddress } from '../read-index.ts'

/** Pictures of the screen, decoded when they are first drawn. */
export class Pictures {
  readonly #images = new Map<number, HTMLImageElement>()
  readonly #onLoad: () => void

  /** @param onLoad is called when one can be drawn */
  constructor(onLoad: () => void) {
    this.#onLoad = onLoad
  }

  /** Undefined until it is decoded. */
  readonly get = (number: number): HTMLImageElement | undefined => {
    const known = this.#images.get(number)
    if (known !== undefined) return known.complete ? known : undefined
    const image = new Image()
    image.addEventListener('load', this.#onLoad)
    image.src = pictureAddress(number)
    this.#images.set(number, image)
    return undefined
  }
}
