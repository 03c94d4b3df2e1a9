interface RemoteErrorOptions extends ErrorOptions {
  /** It may go better when it is tried again. */
  readonly transient?: boolean
  /** The HTTP status, if it was one. */
  readonly status?: number
}

/** What went wrong with a server; it leaves a provider as a SeeError only. */
export class RemoteError extends Error {
  readonly transient: boolean
  readonly status: number | undefined

  constructor(message: string, { transient = false, status, ...options }: RemoteErrorOptions = {}) {
    super(message, options)
    this.transient = transient
    this.status = status
  }
}
