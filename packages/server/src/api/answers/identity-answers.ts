/** People, sessions and invitations as they are answered. */
import { Type } from 'typebox'
import { answer, orNull, time } from './answer.ts'

const roles = Type.Array(Type.String(), {
  description: 'What they may: `role` of all ledgers, or `role@ledger`.',
})
const teams = Type.Array(Type.String(), { description: 'What conditions of roles call `caller.teams`.' })
const email = orNull(Type.String({ description: 'What they log in with; null: not with a password.' }))

export const userAnswer = answer('A user.', {
  id: Type.String(),
  email,
  name: Type.String(),
  roles,
  teams,
  issuer: orNull(Type.String({ description: 'Of OpenID Connect; null: they have a password.' })),
  created_at: time('When they became a user.'),
  disabled_at: orNull(time('Since when they may not log in.')),
  last_login_at: orNull(time('Of the last login.')),
})
export const usersAnswer = answer('Those that the caller looks after.', { users: Type.Array(userAnswer) })

const session = {
  id: Type.String(),
  user: Type.String({ description: 'The id of the user.' }),
  created_at: time('Of the login.'),
  refreshed_at: time('When it was last gone on with.'),
  ends_at: time('It ends then, and earlier when nobody goes on with it for a week.'),
  address: orNull(Type.String({ description: 'Of the login.' })),
  client: orNull(Type.String({ description: 'User-Agent of the login.' })),
  current: Type.Boolean({ description: 'Whether it is the one of this request.' }),
}
export const sessionsAnswer = answer('Newest first.', {
  sessions: Type.Array(answer('A session.', session)),
})

export const oidcAnswer = answer('Ways to log in.', {
  login: Type.Boolean({ description: 'Whether browsers may be sent to an identity provider.' }),
})

export const loginAnswer = answer('A session; with `cookies` the tokens are in cookies alone.', {
  session: answer('What was begun, or gone on with.', session),
  access_token: Type.Optional(Type.String({ description: 'To call with: Authorization: Bearer …' })),
  access_expires_at: time('End of the access token.'),
  refresh_token: Type.Optional(
    Type.String({ description: 'Gives the next two tokens, once. Used twice, it ends the session.' }),
  ),
  csrf: Type.Optional(
    Type.String({ description: 'With cookies: to be sent as the header Trailproof-CSRF.' }),
  ),
})

const invitation = {
  id: Type.String(),
  email: Type.String(),
  roles,
  teams,
  invited_by: Type.String({ description: 'The id of the caller.' }),
  created_at: time('When it was made.'),
  expires_at: time('End.'),
}
export const invitationsAnswer = answer('Those that can be accepted.', {
  invitations: Type.Array(answer('An invitation.', invitation)),
})
export const newInvitationAnswer = answer('The new invitation.', {
  ...invitation,
  token: Type.String({ description: 'What accepts it, once; shown in this answer and nowhere else.' }),
})
