import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AnyEvent, type Attributes, type EventOf, eventNames, Hook, z } from '@see/core'

declare module '@see/core' {
  interface EventMap {
    /** Fired by ExampleHook some time after the event it waits for. */
    custom_event: Attributes
  }
}

const schema = z.object({
  /** The event or events after which it waits. */
  start_on_event: eventNames.default(eventNames.parse('post_poweron')),
  /** Seconds that it waits before it fires custom_event. */
  wait: z.number().nonnegative().default(60),
  /** Removed when the environment is deallocated. */
  temporary_folder: z.string().optional(),
})

/** The developer manual's example: waits without holding events up, then fires an event that pauses the context. */
export class ExampleHook extends Hook<typeof schema> {
  static override readonly schema = schema

  setup(): void {
    for (const event of this.configuration.start_on_event) {
      this.context.subscribeAsync(event, this.startEventHandler)
    }
    this.context.subscribe('custom_event', this.customEventHandler)
    this.context.subscribe('post_pause', this.pauseEventHandler)
  }

  /** Runs asynchronously: it does not block the event flow. */
  readonly startEventHandler = async (event: AnyEvent): Promise<void> => {
    this.logger.info({ event: event.name }, 'event received')
    try {
      await sleep(this.configuration.wait * 1000, undefined, { signal: this.context.signal })
    } catch {
      return // The environment was deallocated meanwhile.
    }
    await this.context.trigger('custom_event')
  }

  /** Runs synchronously: events wait until the context is paused. A guest that is off already is left alone. */
  readonly customEventHandler = async (): Promise<void> => {
    if ((await this.context.state()) === 'running') await this.context.pause()
  }

  readonly pauseEventHandler = (event: EventOf<'post_pause'>): void => {
    this.logger.info({ event: event.name }, 'the context is paused')
  }

  override async cleanup(): Promise<void> {
    const { temporary_folder } = this.configuration
    if (temporary_folder !== undefined) await rm(temporary_folder, { recursive: true, force: true })
  }
}
