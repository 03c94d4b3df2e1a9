import { decodeBody, encodeBody } from '../protocol/body.ts'
import type { Call } from '../protocol/procedure.ts'
import { calls, streams } from '../protocol/protocol.gen.ts'

const all = { ...calls, ...streams }
type All = typeof all

/** The name of a call, of one that opens a stream too. */
export type AnyCallName = keyof All
export type AnyArgsOf<N extends AnyCallName> = All[N] extends Call<infer Args, infer _> ? Args : never
export type AnyResultOf<N extends AnyCallName> = All[N] extends Call<infer _, infer Result> ? Result : never

const table: { [N in AnyCallName]: Call<AnyArgsOf<N>, AnyResultOf<N>> } = all

export function decodeArgs<N extends AnyCallName>(name: N, body: Buffer): AnyArgsOf<N> {
  return decodeBody(table[name].args, body)
}

export function encodeResult<N extends AnyCallName>(name: N, result: AnyResultOf<N>): Buffer {
  return encodeBody(table[name].result, result)
}

/** The name behind the numbers of a packet, or the numbers. */
export function procedureName(program: number, number: number): string {
  const entry = Object.entries(all).find(([, call]) => call.program === program && call.number === number)
  return entry?.[0] ?? `${program}/${number}`
}
