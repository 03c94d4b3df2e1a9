/** The hooks of the Python reference, by the modules of its plugins; each is an export of the same name here. */
const PLUGINS = {
  commands: ['CommandsHook'],
  disk: ['DiskCheckPointHook', 'DiskStateAnalyser'],
  memory: ['MemoryHook', 'VolatilityHook'],
  network: ['NetworkTracerHook', 'NetworkAnalysisHook'],
  screen: ['ScreenHook'],
  timers: ['TimersHook'],
  vnc: ['VNCHook'],
}

const STOCK = '@see/hooks'

/** The names that the reference's configuration files have for its hooks, and what they name here. */
export const hookAliases: ReadonlyMap<string, string> = new Map([
  ...Object.entries(PLUGINS).flatMap(([module, names]) =>
    names.flatMap((name) => {
      const here = `${STOCK}#${name}`
      return [
        [`plugins.${module}.${name}`, here],
        [`see.plugins.${module}.${name}`, here],
      ] as const
    }),
  ),
  // The tutorial has this one beside its script.
  ['vnc.VNCHook', `${STOCK}#VNCHook`],
])

/** The name of a hook here: of one of the reference's, the stock hook that takes its place. */
export function hookName(name: string): string {
  return hookAliases.get(name) ?? name
}

/** What to do about a name that cannot be loaded and looks like one of a Python class. */
export function pythonAdvice(name: string): string {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(name)
    ? `; ${name} looks like the name of a Python class: port it to TypeScript and name it as "./my-module.ts#MyClass" (docs/migrating.md)`
    : ''
}
