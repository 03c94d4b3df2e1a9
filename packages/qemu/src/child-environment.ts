/**
 * What programs need to find one another and their files, and to speak the user's language. Everything else of our
 * environment stays with us: it may hold keys of the user's cloud, and a program that reads what a guest wrote may be
 * taken over by it.
 */
export const childVariables = [
  'PATH',
  'LD_LIBRARY_PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
] as const

/**
 * The environment of a program that we start.
 * @param more names of further variables of ours that it needs
 */
export function childEnvironment(more: readonly string[] = []): Record<string, string> {
  const names: readonly string[] = [...childVariables, ...more]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
