/** For the JSON Schema of an object, which knows of no `refine`: exactly one of the keys must be there. */
export function oneOf(...keys: readonly string[]): { readonly oneOf: readonly object[] } {
  return { oneOf: keys.map((key) => ({ required: [key] })) }
}
