/** Where a command writes: results to `out`, everything else to `error`. */
export interface Terminal {
  readonly out: { write(text: string): unknown }
  readonly error: NodeJS.WriteStream | { readonly isTTY?: false; write(text: string): unknown }
}
