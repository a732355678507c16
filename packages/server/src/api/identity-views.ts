/** Users, sessions and invitations as their routes answer them. */
import type { StoredInvitation, StoredSession, StoredUser } from '../directory/identities.ts'

export function userView(user: StoredUser): object {
  const { id, email, name, roles, teams, issuer, createdAt, disabledAt, lastLoginAt } = user
  return {
    id,
    email: email ?? null,
    name,
    roles,
    teams,
    issuer: issuer ?? null,
    created_at: timeOf(createdAt),
    disabled_at: disabledAt === undefined ? null : timeOf(disabledAt),
    last_login_at: lastLoginAt === undefined ? null : timeOf(lastLoginAt),
  }
}

export function sessionView(session: StoredSession, currentId: string | undefined): object {
  const { id, userId, createdAt, refreshedAt, endsAt, address, client } = session
  return {
    id,
    user: userId,
    created_at: timeOf(createdAt),
    refreshed_at: timeOf(refreshedAt),
    ends_at: timeOf(endsAt),
    address: address ?? null,
    client: client ?? null,
    current: id === currentId,
  }
}

export function invitationView(invitation: StoredInvitation): object {
  const { id, email, roles, teams, invitedBy, createdAt, expiresAt } = invitation
  return {
    id,
    email,
    roles,
    teams,
    invited_by: invitedBy,
    created_at: timeOf(createdAt),
    expires_at: timeOf(expiresAt),
  }
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
