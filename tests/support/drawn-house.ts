interface DrawnHouse {
  /** Packages and rooms: `core`, `core/providers/embedded`. */
  readonly rooms: readonly string[]
  readonly arrows: readonly (readonly [from: string, to: string])[]
}

/** The rooms and arrows of a document's diagrams, which are written for Mermaid. */
export function drawnIn(text: string): DrawnHouse {
  const diagrams = Array.from(text.matchAll(/^```mermaid\n([^]*?)^```$/gm), ([, diagram = '']) => diagram)
  const nodes = new Map<string, string>()
  for (const [, node = '', label = ''] of diagrams.join('').matchAll(/(\w+)\["([^"]+)"\]/g))
    nodes.set(node, label)
  const roomOf = (node: string): string => {
    const room = nodes.get(node)
    if (room === undefined) throw new Error(`the diagram does not say what ${node} is`)
    return room
  }
  const lines = diagrams.flatMap((diagram) => diagram.split('\n')).filter((line) => line.includes('-->'))
  const arrows = lines.flatMap((line) => {
    const [from = '', ...to] = line.split(/-->|&/).map((part) => part.trim().replace(/\[.*\]$/, ''))
    return to.map((each) => [roomOf(from), roomOf(each)] as const)
  })
  return { rooms: [...nodes.values()], arrows }
}
