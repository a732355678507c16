/** A condition that is none, or cannot be a filter: told to whoever makes the role. */
export class ConditionError extends Error {
  /** Characters before the place. */
  readonly position: number
  constructor(message: string, position: number) {
    super(`rows: ${message} (at ${position})`)
    this.position = position
  }
}
