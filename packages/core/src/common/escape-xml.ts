/** Escapes a text for use in XML, in an attribute or between elements. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[<>&'"]/g, (character) => `&#${character.codePointAt(0) ?? 0};`)
}
