import { abortReason, onAbort, unlessAborted } from '../common/abort.ts'
import { connectionClosed } from '../common/connection-error.ts'
import { ConnectionUser, type ConnectionPool, type PooledCall } from './connection-user.ts'
import type { ArgsOf, CallName, ResultOf } from '../protocol/procedure-types.ts'
import type { RpcConnection } from '../rpc/rpc-connection.ts'

/**
 * A connection for the calls of many, and a further one whenever those under way take all places. The last user who
 * leaves closes all; when one is lost, all are.
 */
export class SharedConnections implements ConnectionPool {
  readonly uri: string
  readonly open: (signal: AbortSignal) => Promise<RpcConnection>
  readonly #onEnd: () => void
  readonly #all: RpcConnection[] = []
  readonly #waiting = new Set<(connection: RpcConnection) => void>()
  readonly #users = new Set<ConnectionUser>()
  #joining = 0
  #first: Promise<void> | undefined
  #opening: AbortController | undefined
  #failure: Error | undefined

  /**
   * @param open opens a connection
   * @param onEnd runs when no user can join any more
   */
  constructor(uri: string, open: (signal: AbortSignal) => Promise<RpcConnection>, onEnd: () => void) {
    this.uri = uri
    this.open = open
    this.#onEnd = onEnd
  }

  /** The first who joins begins to open the first connection; who gives up leaves that to the others. */
  async join(signal: AbortSignal | undefined): Promise<ConnectionUser> {
    this.#joining++
    try {
      if (signal?.aborted === true) throw abortReason(signal)
      await unlessAborted((this.#first ??= this.#openFirst()), signal)
      if (this.#failure !== undefined) throw this.#failure
      const user = new ConnectionUser(this)
      this.#users.add(user)
      return user
    } finally {
      this.#joining--
      void this.#endUnlessUsed()
    }
  }

  async leave(user: ConnectionUser): Promise<void> {
    this.#users.delete(user)
    await this.#endUnlessUsed()
  }

  /** Makes a call now, or as soon as a place is free. */
  call<N extends CallName>(name: N, args: ArgsOf<N>, options: PooledCall): Promise<ResultOf<N>> {
    return new Promise((resolve, reject) => {
      if (options.signal.aborted) throw abortReason(options.signal)
      const start = (connection: RpcConnection): void => {
        stopListening()
        const onAnswer = this.#thenAdvance(options.onAnswer)
        resolve(connection.call(name, args, { ...options, onAnswer }))
      }
      const stopListening = onAbort(options.signal, (reason) => {
        this.#waiting.delete(start)
        reject(reason)
      })
      this.#waiting.add(start)
      this.#advance()
      void this.#openFurther()
    })
  }

  /** Refers to nothing else of the call, whose reply may never come. */
  #thenAdvance(onAnswer: () => void): () => void {
    return () => {
      onAnswer()
      this.#advance()
    }
  }

  #advance(): void {
    for (const start of this.#waiting) {
      const connection = this.#all.find(({ hasPlace }) => hasPlace)
      if (connection === undefined) return
      this.#waiting.delete(start)
      start(connection)
    }
  }

  async #openFirst(): Promise<void> {
    try {
      await this.#add()
    } catch (error) {
      void this.#end(connectionClosed(this.uri))
      throw error
    }
  }

  /** One at a time: who waits may be served by a place that comes free meanwhile. */
  async #openFurther(): Promise<void> {
    if (this.#opening !== undefined) return
    try {
      while (this.#waiting.size > 0) await this.#add()
    } catch {
      // The daemon has enough of us, or all is over. Who waits is served when a place comes free.
    }
  }

  async #add(): Promise<void> {
    this.#opening = new AbortController()
    try {
      const connection = await this.open(this.#opening.signal)
      this.#all.push(connection)
      if (this.#failure !== undefined) return await connection.close()
      void connection.closed.then((reason) => reason && this.#end(reason))
      this.#advance()
    } finally {
      this.#opening = undefined
    }
  }

  async #endUnlessUsed(): Promise<void> {
    if (this.#users.size === 0 && this.#joining === 0) await this.#end(connectionClosed(this.uri))
  }

  async #end(failure: Error): Promise<void> {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#onEnd()
    this.#opening?.abort()
    for (const user of this.#users) void user.end(failure, failure)
    await Promise.all(this.#all.map((connection) => connection.close()))
  }
}
