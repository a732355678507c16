/** What the directory's thread answers of people and sessions. */
import type { Identities, StoredInvitation, StoredSession, StoredUser, UserChange } from './identities.ts'

export function identityHandlers(identities: Identities) {
  return {
    identityRevision: () => identities.identityRevision(),
    users: () => identities.users(),
    addUser: (user: StoredUser) => identities.addUser(user),
    changeUser: (id: string, change: UserChange) => identities.changeUser(id, change),
    deleteUser: (id: string) => identities.deleteUser(id),
    invitations: () => identities.invitations(),
    addInvitation: (invitation: StoredInvitation) => identities.addInvitation(invitation),
    deleteInvitation: (id: string) => identities.deleteInvitation(id),
    acceptInvitation: (id: string, user: StoredUser) => identities.acceptInvitation(id, user),
    sessions: () => identities.sessions(),
    addSession: (session: StoredSession) => identities.addSession(session),
    rotateSession: (...asked: Parameters<Identities['rotateSession']>) => identities.rotateSession(...asked),
    deleteSessions: (ids: readonly string[]) => identities.deleteSessions(ids),
  }
}
