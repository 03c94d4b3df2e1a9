import type { Call, EventMessage, StreamCall } from './procedure.ts'
import { calls, events, streams } from './protocol.gen.ts'

type Calls = typeof calls
type Streams = typeof streams
type Events = typeof events

/** A procedure's name as in libvirt's remote_protocol.x without REMOTE_PROC_; QEMU_ and LXC_ stay in front. */
export type CallName = keyof Calls
export type StreamName = keyof Streams
export type EventName = keyof Events

export type ArgsOf<N extends CallName> = Calls[N] extends Call<infer Args, infer _> ? Args : never
export type ResultOf<N extends CallName> = Calls[N] extends Call<infer _, infer Result> ? Result : never
export type StreamArgsOf<N extends StreamName> =
  Streams[N] extends StreamCall<infer Args, infer _> ? Args : never
export type StreamResultOf<N extends StreamName> =
  Streams[N] extends StreamCall<infer _, infer Result> ? Result : never
export type MessageOf<N extends EventName> = Events[N] extends EventMessage<infer Message> ? Message : never

// Written as mapped types, so that TypeScript sees a generic name's argument and result belong together.
export const callTable: { [N in CallName]: Call<ArgsOf<N>, ResultOf<N>> } = calls
export const streamTable: { [N in StreamName]: StreamCall<StreamArgsOf<N>, StreamResultOf<N>> } = streams
export const eventTable: { [N in EventName]: EventMessage<MessageOf<N>> } = events
