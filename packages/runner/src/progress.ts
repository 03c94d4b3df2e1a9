/** Shows what is being done. Messages may contain text of a guest. */
export interface Progress {
  /** The next thing is being done; the one before is done. */
  readonly step: (message: string) => void
  /** Something worth saying meanwhile. */
  readonly note: (message: string) => void
  /** How far the thing being done has come. */
  readonly update: (message: string) => void
  /** The last thing is done, or was not. */
  readonly end: (succeeded: boolean) => void
}

/** Shows nothing. */
export const silent: Progress = {
  step: () => undefined,
  note: () => undefined,
  update: () => undefined,
  end: () => undefined,
}
