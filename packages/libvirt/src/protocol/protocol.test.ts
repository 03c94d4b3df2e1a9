import { describe, expect, expectTypeOf, test } from 'vitest'
import { decodeBody, encodeBody } from './body.ts'
import { errorCodes, errorDomains } from './errors.gen.ts'
import type { Hypervisor } from '../objects/hypervisor.ts'
import type { ArgsOf, MessageOf, ResultOf, StreamResultOf } from './procedure-types.ts'
import { calls, events, streams } from './protocol.gen.ts'

interface Numbered {
  readonly program: number
  readonly number: number
}
// Seen without their types: TypeScript takes seconds over the union of 399 of them.
const numbered: Record<string, Numbered>[] = [calls, streams, events]

const REMOTE = 0x2000_8086
const QEMU = 0x2000_8087
const LXC = 0x0006_8000

describe('the table generated from libvirt 9.0.0', () => {
  test('has all of its 451 procedures', () => {
    expect(Object.keys(calls).length + Object.keys(streams).length).toBe(399)
    expect(Object.keys(events).length).toBe(52)
    const directions = Object.values(streams).map(({ direction }) => direction)
    expect(directions.filter((direction) => direction === 'read').length).toBe(4)
    expect(directions.filter((direction) => direction === 'write').length).toBe(3)
  })

  test('gives no number of a program twice, and none between is missing', () => {
    const all = numbered.flatMap((table) => Object.values(table))
    const numbersOf = (program: number): number[] =>
      all
        .filter((p) => p.program === program)
        .map((p) => p.number)
        .toSorted((a, b) => a - b)
    expect(numbersOf(REMOTE)).toEqual(Array.from({ length: 443 }, (_, i) => i + 1))
    expect(numbersOf(QEMU)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(numbersOf(LXC)).toEqual([1])
  })

  test('has the numbers that libvirt has', () => {
    expect(calls.CONNECT_OPEN).toMatchObject({ program: REMOTE, number: 1 })
    expect(calls.AUTH_LIST.number).toBe(66)
    expect(calls.DOMAIN_GET_STATE.number).toBe(212)
    expect(streams.DOMAIN_SCREENSHOT).toMatchObject({ number: 211, direction: 'read' })
    expect(streams.STORAGE_VOL_UPLOAD).toMatchObject({ number: 208, direction: 'write' })
    expect(events.DOMAIN_EVENT_CALLBACK_LIFECYCLE.number).toBe(318)
    expect(calls.QEMU_DOMAIN_AGENT_COMMAND).toMatchObject({ program: QEMU, number: 3 })
    expect(calls.LXC_DOMAIN_OPEN_NAMESPACE).toMatchObject({ program: LXC, number: 1 })
    expect(errorCodes[42]).toBe('VIR_ERR_NO_DOMAIN')
    expect(errorDomains[10]).toBe('VIR_FROM_QEMU')
  })

  test('a domain is its name, 16 bytes and its id', () => {
    const dom = { name: 'demo', uuid: Buffer.from('00112233445566778899aabbccddeeff', 'hex'), id: -1 }
    const body = encodeBody(calls.DOMAIN_GET_STATE.args, { dom, flags: 0 })
    expect(body.toString('hex')).toBe(
      [
        '00000004', // length of the name
        '64656d6f', // demo
        '00112233445566778899aabbccddeeff',
        'ffffffff', // id -1: not running
        '00000000', // flags
      ].join(''),
    )
    expect(decodeBody(calls.DOMAIN_GET_STATE.args, body)).toEqual({ dom, flags: 0 })
  })

  test("a node's model is 32 chars of four bytes each", () => {
    const info = { memory: 1n, cpus: 2, mhz: 3, nodes: 4, sockets: 5, cores: 6, threads: 7 }
    const model = Array.from({ length: 32 }, () => 0)
    expect(encodeBody(calls.NODE_GET_INFO.result, { model, ...info }).length).toBe(128 + 8 + 6 * 4)
  })

  test('typed parameters carry their type', () => {
    const params = [
      { field: 'cpu', value: { type: 4, value: 2n ** 40n } },
      { field: 'name', value: { type: 7, value: 'x' } },
    ] as const
    const result = { params: [...params], nparams: 0 }
    const codec = calls.NODE_GET_MEMORY_PARAMETERS.result
    expect(decodeBody(codec, encodeBody(codec, result))).toEqual(result)
  })
})

// Never run: what matters is that the compiler refuses each of these lines.
async function wrong(hypervisor: Hypervisor): Promise<void> {
  // @ts-expect-error there is no such procedure
  await hypervisor.call('DOMAIN_GET_STAT', undefined)
  // @ts-expect-error flags is missing
  await hypervisor.call('CONNECT_OPEN', { name: null })
  // @ts-expect-error flags is a number
  await hypervisor.call('CONNECT_OPEN', { name: null, flags: '0' })
  // @ts-expect-error there is no argument colour
  await hypervisor.call('CONNECT_OPEN', { name: null, flags: 0, colour: 'red' })
  // @ts-expect-error the argument is missing
  await hypervisor.call('DOMAIN_LOOKUP_BY_NAME')
  // @ts-expect-error a stream is opened, not called
  await hypervisor.call('DOMAIN_SCREENSHOT', undefined)
  // @ts-expect-error an event is not called
  await hypervisor.call('DOMAIN_EVENT_CALLBACK_REBOOT', undefined)
  // @ts-expect-error no such kind of event
  await hypervisor.on('domainLifecicle', () => {})
  const domain = await hypervisor.domainLookupByName('x')
  // @ts-expect-error no such source
  await domain.interfaceAddresses('leases')
}

describe('types', () => {
  test('arguments, results and events are inferred', () => {
    expectTypeOf<ResultOf<'DOMAIN_GET_STATE'>>().toEqualTypeOf<{ state: number; reason: number }>()
    expectTypeOf<ArgsOf<'CONNECT_OPEN'>>().toEqualTypeOf<{ name: string | null; flags: number }>()
    expectTypeOf<ArgsOf<'CONNECT_CLOSE'>>().toEqualTypeOf<undefined>()
    expectTypeOf<StreamResultOf<'DOMAIN_SCREENSHOT'>>().toEqualTypeOf<{ mime: string | null }>()
    expectTypeOf<MessageOf<'NETWORK_EVENT_LIFECYCLE'>['event']>().toEqualTypeOf<number>()
    expectTypeOf<ResultOf<'DOMAIN_GET_INFO'>['memory']>().toEqualTypeOf<bigint>()
  })

  test('a wrong call does not compile', () => {
    expect(wrong).toBeTypeOf('function')
  })
})
