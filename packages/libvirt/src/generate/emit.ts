import { collectProcedures, type Procedure } from './collect-procedures.ts'
import type { Declaration, Definition } from './parse.ts'

/** Values that the .x files take from libvirt's public headers (libvirt-host.h, libvirt-common.h). */
const HEADER_CONSTANTS: Record<string, number> = {
  VIR_UUID_BUFLEN: 16,
  VIR_SECURITY_MODEL_BUFLEN: 257,
  VIR_SECURITY_LABEL_BUFLEN: 4097,
  VIR_SECURITY_DOI_BUFLEN: 257,
  VIR_TYPED_PARAM_INT: 1,
  VIR_TYPED_PARAM_UINT: 2,
  VIR_TYPED_PARAM_LLONG: 3,
  VIR_TYPED_PARAM_ULLONG: 4,
  VIR_TYPED_PARAM_DOUBLE: 5,
  VIR_TYPED_PARAM_BOOLEAN: 6,
  VIR_TYPED_PARAM_STRING: 7,
}

const PRIMITIVES: Record<string, string> = {
  char: 'x.char',
  'unsigned char': 'x.uchar',
  short: 'x.short',
  'unsigned short': 'x.ushort',
  int: 'x.int',
  'unsigned int': 'x.uint',
  hyper: 'x.hyper',
  'unsigned hyper': 'x.uhyper',
  double: 'x.double',
}

/**
 * Turns parsed .x files into the text of protocol.gen.ts: one codec for each type that a procedure reaches, then the
 * tables of calls, streams and events.
 *
 * @param roots types to export although no procedure names them, such as remote_error
 */
export function emit(definitions: Definition[], roots: string[], header: string): string {
  const types = new Map(definitions.filter((d) => d.kind !== 'const').map((d) => [d.name, d]))
  const constants = new Map<string, string>()
  for (const definition of definitions) {
    if (definition.kind === 'const') constants.set(definition.name, definition.value)
  }
  const emitted = new Map<string, string>()

  const size = (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value)) return value
    const named = constants.get(text)
    if (named !== undefined) return size(named)
    const known = HEADER_CONSTANTS[text]
    if (known === undefined) throw new Error(`constant ${text} has no known value`)
    return known
  }

  const reference = (type: string): string => {
    const primitive = PRIMITIVES[type]
    if (primitive !== undefined) return primitive
    const definition = types.get(type)
    if (definition === undefined) throw new Error(`type ${type} is not defined`)
    if (!emitted.has(type)) emitted.set(type, `const ${shortName(type)} = ${expression(definition)}`)
    return shortName(type)
  }

  const declared = ({ type, shape, size: bound }: Declaration): string => {
    if (type === 'string') return `x.string(${size(bound)})`
    if (type === 'opaque')
      return shape === 'fixed' ? `x.opaqueFixed(${size(bound)})` : `x.opaque(${size(bound)})`
    const inner = reference(type)
    if (shape === 'optional') return `x.nullable(${inner})`
    if (shape === 'fixed') return `x.arrayFixed(${inner}, ${size(bound)})`
    if (shape === 'variable') return `x.array(${inner}, ${size(bound)})`
    return inner
  }

  const expression = (definition: Definition): string => {
    if (definition.kind === 'typedef') return declared(definition.declaration)
    if (definition.kind === 'struct') {
      return `x.struct({ ${definition.fields.map((f) => `${f.name}: ${declared(f)}`).join(', ')} })`
    }
    if (definition.kind === 'union') {
      return `x.union(${definition.arms.map((a) => `x.arm(${size(a.label)}, ${declared(a.declaration)})`).join(', ')})`
    }
    return 'x.int'
  }

  const optionalReference = (type: string): string => (types.has(type) ? reference(type) : 'x.nothing')
  const row = (procedure: Procedure): string => {
    const { name, number, program, direction } = procedure
    const prefix = name.toLowerCase()
    const where = `${size(program.constant)}, ${number}`
    if (procedure.event)
      return `${procedure.key}: event(${where}, ${reference(`${program.prefix}_${prefix}_msg`)})`
    const codecs = ['args', 'ret']
      .map((end) => optionalReference(`${program.prefix}_${prefix}_${end}`))
      .join(', ')
    if (direction !== undefined) return `${procedure.key}: stream('${direction}', ${where}, ${codecs})`
    return `${procedure.key}: call(${where}, ${codecs})`
  }

  const procedures = collectProcedures(definitions)
  const table = (name: string, rows: Procedure[]): string =>
    `export const ${name} = {\n${rows.map((p) => `  ${row(p)},\n`).join('')}}\n`
  const tables = [
    table(
      'calls',
      procedures.filter((p) => !p.event && p.direction === undefined),
    ),
    table(
      'streams',
      procedures.filter((p) => p.direction !== undefined),
    ),
    table(
      'events',
      procedures.filter((p) => p.event),
    ),
  ]
  const exported = roots.map(reference)
  return [
    header,
    "import * as x from './codec.ts'",
    "import { call, event, stream } from './procedure.ts'",
    '',
    ...emitted.values(),
    '',
    ...tables,
    `export { ${exported.join(', ')} }`,
    '',
  ].join('\n')
}

function shortName(type: string): string {
  return type.replace(/^remote_/, '')
}
