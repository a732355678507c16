export interface Role {
  readonly name: string
  readonly description: string
  readonly built_in: boolean
  readonly permissions: readonly string[]
  /** In CEL: which records are there; null: all. */
  readonly rows: string | null
  readonly hidden: readonly string[]
}
