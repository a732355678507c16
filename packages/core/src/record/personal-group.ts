/** The personal group: what can be erased. Fields in the order of their canonical bytes. */

import { type Static, type TSchema, Type } from 'typebox'
import {
  FIELD_NOTE,
  type FieldNote,
  freeObject,
  freeText,
  identifier,
  LABELS_MAX,
  LIST_ITEMS_MAX,
  list,
} from './field.ts'

const personal = { group: 'personal' } as const
const optional = <Field extends TSchema>(field: Field) => Type.Optional(field)
/** Inside an object null is kept as sent; at the top level it means that the field is absent. */
const orNull = <Value extends TSchema>(description: string, value: Value) =>
  Type.Union([value, Type.Null()], { description })
const id = (description: string) =>
  Type.Union([Type.String({ maxLength: 512 }), Type.Null()], { description })

const Actor = Type.Object(
  {
    type: optional(id('user, service, system, agent or anonymous, or your own word.')),
    id: optional(id('Stable; not an e-mail address.')),
    name: optional(id('As people read it.')),
    email: optional(id('E-mail address.')),
    roles: optional(
      orNull('As they were then.', Type.Array(Type.String({ maxLength: 512 }), { maxItems: LIST_ITEMS_MAX })),
    ),
    auth: optional(
      orNull(
        'How the actor was authenticated.',
        Type.Object({
          method: optional(id('How the actor proved who it is, such as password, oidc or api_key.')),
          mfa: optional(orNull('Whether a second factor was used.', Type.Boolean())),
          key_id: optional(id('Which key or credential; never the secret.')),
        }),
      ),
    ),
    on_behalf_of: optional(
      Type.Union(
        [Type.Object({}, { additionalProperties: true }), Type.String({ maxLength: 512 }), Type.Null()],
        {
          description: 'The actor (or its id) in whose name this one acted.',
        },
      ),
    ),
  },
  {
    additionalProperties: true,
    description: 'Who did it.',
    [FIELD_NOTE]: {
      ...personal,
      limit: '512 characters a text',
      over: 'refused',
      holds: ['identity', 'contact'],
    } satisfies FieldNote,
  },
)

const Target = Type.Object(
  {
    type: optional(id('What kind of thing.')),
    id: optional(id('Which one.')),
    name: optional(id('As people read it.')),
    parent: optional(Type.Unknown({ description: 'What it belongs to: a text or a target.' })),
  },
  { additionalProperties: true },
)

const Change = Type.Object(
  {
    path: Type.String({ maxLength: 4096, description: 'JSON Pointer into the target.' }),
    old: optional(Type.Unknown({ description: 'Before.' })),
    new: optional(Type.Unknown({ description: 'After.' })),
    redacted: optional(orNull('Whether old and new were masked.', Type.Boolean())),
  },
  { additionalProperties: true },
)

const Source = Type.Object(
  {
    ip: optional(id('The client address.')),
    forwarded: optional(
      orNull(
        'Proxies on the way.',
        Type.Array(Type.String({ maxLength: 512 }), { maxItems: LIST_ITEMS_MAX }),
      ),
    ),
    user_agent: optional(orNull('As the client names itself; cut at 65,536 bytes.', Type.String())),
  },
  {
    additionalProperties: true,
    description: 'Where the request came from.',
    [FIELD_NOTE]: {
      ...personal,
      limit: '512 characters an address',
      over: 'refused',
      holds: ['place and device'],
    } satisfies FieldNote,
  },
)

const Truncated = Type.Object({
  path: Type.String({ description: 'JSON Pointer of what was cut.' }),
  size: Type.Integer({ description: 'UTF-8 bytes before the cut, after redaction.' }),
  sha256: Type.String({ description: 'Hex SHA-256 of the same.' }),
})

const Labels = Type.Object(
  {},
  {
    additionalProperties: Type.Union([
      Type.String({ maxLength: 4096 }),
      Type.Number(),
      Type.Boolean(),
      Type.Null(),
    ]),
    maxProperties: LABELS_MAX,
    description: 'Your own names and values; indexed.',
    [FIELD_NOTE]: {
      ...personal,
      limit: `${LABELS_MAX} labels of 4,096 characters`,
      over: 'refused',
      holds: ['whatever people write'],
    } satisfies FieldNote,
  },
)

const anyObject = Type.Object({}, { additionalProperties: true })
const written = { holds: ['whatever people write'] } satisfies Partial<FieldNote>
const derived = { holds: ['derived'] } satisfies Partial<FieldNote>
const lists = {
  ...written,
  limit: '10,000 items (refused), 65,536 bytes a text (cut)',
  over: 'cut',
} satisfies Partial<FieldNote>
const byServer = { setBy: 'server' } as const
const paths = (description: string, more: Partial<FieldNote>) =>
  list(description, Type.String(), { ...derived, ...more, limit: '10,000 paths' })

export const PersonalGroup = Type.Object({
  actor: optional(Actor),
  changes: optional(list('What was changed.', Change, written)),
  coerced: optional(
    paths('JSON Pointers of values whose JSON type was changed to keep them exact.', byServer),
  ),
  errors: optional(list('What went wrong.', anyObject, lists)),
  integrations: optional(list('Calls to databases, queues and other services.', anyObject, lists)),
  internal_steps: optional(list('What the service did on the way.', anyObject, lists)),
  labels: optional(
    Labels as unknown as ReturnType<typeof Type.Unsafe<Record<string, string | number | boolean | null>>>,
  ), // additionalProperties has no static type
  message: optional(freeText('A sentence for people.')),
  metadata: optional(
    freeObject('Anything else, and every field that this schema does not know.', {
      limit: '262,144 bytes (refused), 65,536 bytes a text (cut)',
    }),
  ),
  reason: optional(freeText('Why: the stated purpose, or why it was denied or failed.')),
  redacted: optional(
    paths('JSON Pointers of what was masked: by the producer, if it says so, and by the server.', {}),
  ),
  request: optional(freeObject('The request; body is cut at 65,536 bytes.')),
  response: optional(freeObject('The response; body is cut at 65,536 bytes.')),
  session_id: optional(identifier("The actor's session.", { ...personal, holds: ['pseudonym'] })),
  source: optional(Source),
  source_id: optional(
    identifier('The id that another system gave the record, where that is not a UUID.', {
      ...personal,
      ...byServer,
      holds: ['pseudonym'],
    }),
  ),
  stream_chain: optional(
    Type.Object(
      {
        hash: optional(id('Over this record.')),
        prev_hash: optional(id('Of the record before it.')),
      },
      {
        description: "The producer's own hash chain; sent and served as stream.prev_hash and stream.hash.",
        [FIELD_NOTE]: { ...personal, ...derived, limit: '512 characters', over: 'refused' },
      },
    ),
  ),
  targets: optional(list('What it was done to.', Target, { holds: ['identity'] })),
  truncated: optional(
    list('What was cut: by the producer, if it says so, and by the server.', Truncated, derived),
  ),
})

/** The personal group as stored. */
export type PersonalGroup = Static<typeof PersonalGroup>
