import type { Codec } from './codec.ts'

/** A procedure that is called and answers. */
export interface Call<Args, Result> {
  readonly program: number
  readonly number: number
  readonly args: Codec<Args>
  readonly result: Codec<Result>
}

/** A call that opens a stream: `read` from the daemon to us, `write` from us to the daemon. */
export interface StreamCall<Args, Result> extends Call<Args, Result> {
  readonly direction: 'read' | 'write'
}

/** A message that the daemon sends unasked. */
export interface EventMessage<Message> {
  readonly program: number
  readonly number: number
  readonly message: Codec<Message>
}

export function call<Args, Result>(
  program: number,
  number: number,
  args: Codec<Args>,
  result: Codec<Result>,
): Call<Args, Result> {
  return { program, number, args, result }
}

export function stream<Args, Result>(
  direction: 'read' | 'write',
  program: number,
  number: number,
  args: Codec<Args>,
  result: Codec<Result>,
): StreamCall<Args, Result> {
  return { direction, program, number, args, result }
}

export function event<Message>(
  program: number,
  number: number,
  message: Codec<Message>,
): EventMessage<Message> {
  return { program, number, message }
}
