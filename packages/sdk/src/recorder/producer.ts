/** Who records: what all records of a process say alike. */

export interface Producer {
  readonly service: string
  readonly environment: string
  readonly serviceVersion: string | undefined
  readonly host: string | undefined
}
