/** Whether it is an error of the system with one of these codes, such as `ENOENT`. */
export function isCoded(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
