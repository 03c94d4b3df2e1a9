import type { Floor, Package, Room } from '../../docs/generate/dist/room.js'
import type { Import } from './imports.ts'

/** Why a package's table does not allow an import; undefined when it does. */
export function refusal(house: Package, { file, imported }: Import): string | undefined {
  if (imported.startsWith('@see/')) return refusedPackage(house, file, imported)
  if (!imported.endsWith('.ts')) return refusedModule(house, imported)
  return refusedBetween(house.floors, file, imported)
}

function refusedPackage({ imports, floors }: Package, file: string, imported: string): string | undefined {
  const [, name = ''] = imported.split('/')
  if (!imports.includes(name)) return `the package does not import ${imported}`
  const room = roomsAround(floors, file).find(({ without = [] }) => without.includes(`@see/${name}`))
  return room && `${room.name} does not import ${imported}`
}

function refusedModule({ modules }: Package, imported: string): string | undefined {
  if (modules === undefined || modules.includes(imported)) return undefined
  return `the package does not import ${imported}`
}

function refusedBetween(floors: readonly Floor[], file: string, imported: string): string | undefined {
  const from = placeOf(floors, file)
  const to = placeOf(floors, imported)
  if (from === undefined) return undefined
  if (to === undefined) return `${from.room.name} imports what stands above it`
  if (from.room === to.room) return refusedBetween(from.room.floors ?? [], from.rest, to.rest)
  if (from.floor > to.floor) return `${from.room.name} is below ${to.room.name}`
  if (from.floor < to.floor || from.room.beside?.includes(to.room.name) === true) return undefined
  return `${from.room.name} is beside ${to.room.name}`
}

interface Place {
  readonly room: Room
  /** Counted from the top. */
  readonly floor: number
  /** The path inside the room. */
  readonly rest: string
}

/** Undefined for a file outside of all rooms, which stands above them. */
function placeOf(floors: readonly Floor[], file: string): Place | undefined {
  for (const [floor, rooms] of floors.entries()) {
    const room = rooms.find(({ name }) => file.startsWith(`${name}/`))
    if (room !== undefined) return { room, floor, rest: file.slice(room.name.length + 1) }
  }
  return undefined
}

/** The rooms that a file is in, the outermost first. */
function roomsAround(floors: readonly Floor[], file: string): Room[] {
  const place = placeOf(floors, file)
  return place === undefined ? [] : [place.room, ...roomsAround(place.room.floors ?? [], place.rest)]
}

/** The paths of all rooms. */
export function roomPaths(floors: readonly Floor[], around = ''): string[] {
  return floors.flat().flatMap(({ name, floors: inside = [] }) => {
    const path = `${around}${name}`
    return [path, ...roomPaths(inside, `${path}/`)]
  })
}
