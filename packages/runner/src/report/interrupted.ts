/** Why a command ended before its time: its user, or a terminal that closed, had it end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor(signal: NodeJS.Signals) {
    super(signal === 'SIGINT' ? 'interrupted' : `interrupted by ${signal}`)
  }
}
