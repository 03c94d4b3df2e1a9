import { packages } from './house.ts'
import type { Floor, Package } from './room.ts'
import { table } from './table.ts'

const BEGIN = '<!-- rooms: made from docs/generate/house.ts by `npm run docs` -->'
const END = '<!-- end of rooms -->'

/** CONTRIBUTING.md with its tables of packages and rooms. */
export function contributing(text: string): string {
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`CONTRIBUTING.md lacks ${BEGIN} or ${END}`)
  const rooms = packages.filter(({ floors }) => floors.length > 0).map(roomTable)
  return `${before}${[BEGIN, packageTable(), ...rooms].join('\n\n')}\n\n${END}${after}`
}

function packageTable(): string {
  const rows = packages.map(({ name, what, imports, modules }) => [
    `\`packages/${name}\``,
    what,
    [imports.length === 0 ? 'nothing' : imports.join(', '), ...onlyModules(modules)].join('; '),
  ])
  return table(['package', 'what it is', 'may import'], rows)
}

function onlyModules(modules: readonly string[] | undefined): string[] {
  return modules === undefined ? [] : [`no module but ${modules.join(', ')}`]
}

function roomTable({ name, floors }: Package): string {
  return table(['floor', `room of \`packages/${name}/src\``, 'what it is'], rowsOf(floors))
}

/** Floors are counted from the ground, as stairs are climbed; those inside a room have its number before theirs. */
function rowsOf(floors: readonly Floor[], around = '', path = ''): string[][] {
  return floors.flatMap((floor, index) =>
    floor.flatMap(({ name, what, beside = [], without = [], floors: inside = [] }) => {
      const number = `${around}${floors.length - index}`
      const rules = [
        ...beside.map((room) => `may import \`${room}\` beside it`),
        ...without.map((each) => `never imports ${each}`),
      ]
      const row = [number, `\`${path}${name}/\``, [what, ...rules].join('; ')]
      return [row, ...rowsOf(inside, `${number}.`, `${path}${name}/`)]
    }),
  )
}
