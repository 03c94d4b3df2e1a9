/** What a provider may be able to do for hooks, beside running a guest. */
export const abilities = ['agent', 'capture', 'console', 'disk', 'memory', 'screen', 'vnc'] as const

export type Ability = (typeof abilities)[number]
