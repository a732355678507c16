/** What a record looks like when it is sent: for the description of the API, since core reads bodies itself. */
import { CoreGroup, FIELD_NOTE, type FieldNote, PersonalGroup } from '@trailproof/core/schema'
import { type TProperties, type TSchema, Type } from 'typebox'

declare module 'fastify' {
  interface FastifySchema {
    /** Described as the body of a route that reads its body itself. */
    describedBody?: unknown
  }
}

export const recordBody = Type.Partial(
  Type.Object({ ...sent(CoreGroup.properties), ...sent(PersonalGroup.properties) }),
  {
    description:
      'Needs an action, unless it is a trail or a log line. What is not known here goes to metadata.',
    examples: [
      {
        action: 'payment.created',
        outcome: 'success',
        service: 'shop',
        actor: { type: 'user', id: 'u-1' },
        targets: [{ type: 'payment', id: 'p-1' }],
      },
    ],
  },
)

export const eventsBody = Type.Union([recordBody, Type.Array(recordBody)])

export const logBody = Type.Object({ service: Type.String(), level: Type.String(), message: Type.String() })

function sent(properties: TProperties): TProperties {
  return Object.fromEntries(
    Object.entries(properties).filter(([, field]) => noteOf(field)?.setBy !== 'server'),
  )
}

function noteOf(field: TSchema): FieldNote | undefined {
  return (field as Readonly<Record<string, unknown>>)[FIELD_NOTE] as FieldNote | undefined
}
