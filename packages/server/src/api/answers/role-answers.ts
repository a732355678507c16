/** Roles, and what a caller may, as they are answered. */
import { Type } from 'typebox'
import { answer, ledgerName, orNull } from './answer.ts'

const permissions = Type.Array(Type.String(), { description: 'Names of permissions (docs/access.md).' })
const hidden = Type.Array(Type.String(), { description: 'Fields that are never shown.' })

export const roleAnswer = answer('A role.', {
  name: Type.String(),
  description: Type.String(),
  built_in: Type.Boolean(),
  permissions,
  rows: orNull(Type.String({ description: 'In CEL: which records are there; null: all.' })),
  hidden,
})
export const rolesAnswer = answer('Those built in, then the others.', { roles: Type.Array(roleAnswer) })

export const meAnswer = answer('Who asks, and what they may.', {
  kind: Type.String({ description: 'key, user or service.' }),
  id: Type.String({ description: 'As accesses and approvals name them.' }),
  name: Type.String(),
  grants: Type.Array(
    answer('A role, where.', {
      role: Type.String(),
      ledger: orNull(Type.String({ description: 'This one and its successors; null: all.' })),
      permissions,
      rows: orNull(Type.String({ description: 'In CEL: which records are there; null: all.' })),
      hidden,
    }),
  ),
  ledgers: Type.Array(
    answer('A ledger that the caller reads.', {
      ledger: ledgerName,
      personal: Type.Union([Type.Literal('shown'), Type.Literal('masked')]),
      may_unmask: Type.Boolean({ description: 'With the header Trailproof-Unmask.' }),
      all_rows: Type.Boolean(),
      hidden,
    }),
  ),
})
