/** Both groups of a record, as they are stored. */

import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { CoreGroup } from './core-group.ts'
import { PersonalGroup } from './personal-group.ts'

export interface StoredRecord {
  readonly core: CoreGroup
  readonly personal: PersonalGroup
}

/** A core group before the server's part: no id, no received_at, and no defaults yet. */
const MappedCore = Type.Object({
  ...withoutServerFields(CoreGroup.properties),
  service: Type.Optional(CoreGroup.properties.service),
  timestamp: Type.Optional(CoreGroup.properties.timestamp),
})

function withoutServerFields<Fields extends { id: unknown; received_at: unknown }>(fields: Fields) {
  const { id: _id, received_at: _receivedAt, ...rest } = fields
  return rest
}

/** The core group as it is mapped from what the producer sent. */
export type MappedCore = Omit<CoreGroup, 'id' | 'received_at' | 'service' | 'timestamp'> & {
  readonly service?: string
  readonly timestamp?: string
}

/** A record as mapped from what a producer sent: canonical names, nothing filled in by the server yet. */
export interface MappedRecord {
  readonly core: MappedCore
  readonly personal: PersonalGroup
}

let core: ReturnType<typeof compileCore> | undefined
let personal: ReturnType<typeof compilePersonal> | undefined

/** Compiled on first use: who only reads or verifies records never pays for it. */
export function mappedCoreValidator(): ReturnType<typeof compileCore> {
  return (core ??= compileCore())
}

export function personalValidator(): ReturnType<typeof compilePersonal> {
  return (personal ??= compilePersonal())
}

function compileCore() {
  return Compile(MappedCore)
}

function compilePersonal() {
  return Compile(PersonalGroup)
}
