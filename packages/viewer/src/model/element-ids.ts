/** The element that holds the index, as JSON. */
export const INDEX_ID = 'see-index'

/** The element that holds a picture of the screen, in base64. */
export function pictureId(number: number): string {
  return `see-picture-${number}`
}
