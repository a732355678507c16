/** The port to a message broker between receivers and sequencers. Drivers: `kafka/`, `redis/`. */

/** A message as the broker hands it out. */
export interface Delivery {
  /** The key it was published with: a ledger's name for messages of ours. */
  readonly key: string
  readonly bytes: Uint8Array
  /** Where it stands, for people: topic, partition and offset, or stream and id. */
  readonly place: string
  /** Its records are committed, or it was put aside durably: it need not come again. Never waits, never throws. */
  done(): void
}

/** Deliveries to this process, until it is disposed of. */
export interface Consumption extends AsyncDisposable {
  /** Resolves once the broker has been told of everything that is `done` now; rejects when it cannot be reached. */
  settled(): Promise<void>
  /** Messages that wait in what this process consumes; undefined when the broker cannot say. */
  lag(): Promise<number | undefined>
}

export interface ConsumeOptions {
  /** Given every message; the next one comes when it resolves. */
  readonly take: (delivery: Delivery) => Promise<void>
  /** The consumption is over; what was not `done` comes again in the next one, here or elsewhere. */
  readonly onFailure: (error: Error) => void
}

/**
 * At least once, and in order for each key: a message is handed to one consumer at a time, and comes again until it is `done`.
 * All methods may be called concurrently.
 */
export interface IntakeBroker extends AsyncDisposable {
  /** `kafka` or `redis-streams`. */
  readonly name: string
  /**
   * Resolves when the broker holds the message as safely as it promises. Rejects with BROKER_UNAVAILABLE, retryable: it may hold
   * the message all the same. Messages of one key that are published one after the other keep their order.
   */
  publish(key: string, bytes: Uint8Array): Promise<void>
  consume(options: ConsumeOptions): Promise<Consumption>
  /** Begins to receive replies, once; resolves with the address to reply to. */
  listen(onReply: (bytes: Uint8Array) => void): Promise<string>
  /** Sends a reply; it is lost when nobody listens. */
  reply(address: string, bytes: Uint8Array): Promise<void>
  /** Rejects when the broker cannot be used now, and says why. */
  check(): Promise<void>
}
