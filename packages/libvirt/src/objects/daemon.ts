import type { Duplex, Readable, Writable } from 'node:stream'
import type { CallOptions } from '../common/abort.ts'
import type {
  ArgsOf,
  CallName,
  ResultOf,
  StreamArgsOf,
  StreamName,
  StreamResultOf,
} from '../protocol/procedure-types.ts'

/**
 * What the objects of a daemon need of it: its calls, and streams on connections of their own. `Hypervisor` implements it.
 * Domains, networks and all others hold one, so that none of them depends on `Hypervisor`, which makes them.
 */
export interface Daemon {
  call<N extends CallName>(name: N, args: ArgsOf<N>, options?: CallOptions): Promise<ResultOf<N>>
  openReadable<N extends StreamName>(
    name: N,
    args: StreamArgsOf<N>,
    options?: CallOptions,
  ): Promise<{ result: StreamResultOf<N>; stream: Readable }>
  openWritable<N extends StreamName>(
    name: N,
    args: StreamArgsOf<N>,
    options?: CallOptions,
  ): Promise<{ result: StreamResultOf<N>; stream: Writable }>
  openDuplex<N extends StreamName>(
    name: N,
    args: StreamArgsOf<N>,
    options?: CallOptions,
  ): Promise<{ result: StreamResultOf<N>; stream: Duplex }>
}
