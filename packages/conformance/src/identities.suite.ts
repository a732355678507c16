/** What every Directory must do with people and their sessions. */
import type { Directory, StoredInvitation, StoredSession, StoredUser } from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DirectoryDriver } from './directory.suite.ts'

const user = (n: number): StoredUser => ({
  id: `0190000${n}-0000-7000-8000-000000000000`,
  email: `user-${n}@example.com`,
  name: `User ${n}`,
  passwordHash: '$argon2id$v=19$…',
  issuer: undefined,
  subject: undefined,
  roles: ['viewer', 'analyst@shop'],
  teams: ['cost centre'],
  createdAt: 1000,
  disabledAt: undefined,
  lastLoginAt: undefined,
})

const ofIssuer = (n: number): StoredUser => ({
  ...user(n),
  email: undefined,
  passwordHash: undefined,
  issuer: 'https://issuer.example',
  subject: `subject ${n}`,
})

const rotatedTo = (n: number) => ({ refreshHash: `next ${n}`, accessHash: `next ${n}`, refreshedAt: 2000 })

const session = (n: number, userId = user(1).id): StoredSession => ({
  id: `0190001${n}-0000-7000-8000-000000000000`,
  userId,
  familyHash: `family ${n}`,
  refreshHash: `refresh ${n}`,
  accessHash: `access ${n}`,
  csrf: `csrf ${n}`,
  createdAt: 1000,
  refreshedAt: 1000,
  endsAt: 9000,
  address: '192.0.2.1',
  client: undefined,
})

const invitation = (n: number): StoredInvitation => ({
  id: `0190002${n}-0000-7000-8000-000000000000`,
  hash: `hash ${n}`,
  email: `user-${n}@example.com`,
  roles: ['viewer@shop'],
  teams: [],
  invitedBy: 'abcd1234',
  createdAt: 1000,
  expiresAt: 2000,
})

export function identitiesSuite(driver: DirectoryDriver): void {
  describe(`Directory, its people: ${driver.name}`, () => {
    let directory: Directory
    beforeEach(async () => {
      directory = await driver.open()
    })
    afterEach(() => directory[Symbol.asyncDispose]())

    test('keeps users, sessions and invitations as they were given', async () => {
      const { identities } = directory
      expect(await identities.addUser(user(1))).toBe(true)
      expect(await identities.addUser(ofIssuer(2))).toBe(true)
      await identities.addSession(session(1))
      await identities.addInvitation(invitation(3))
      await directory[Symbol.asyncDispose]()
      directory = await driver.reopen()
      expect(await directory.identities.users()).toEqual([user(1), ofIssuer(2)])
      expect(await directory.identities.sessions()).toEqual([session(1)])
      expect(await directory.identities.invitations()).toEqual([invitation(3)])
    })

    test('an address, and a subject of an issuer, are one user’s; many may have neither', async () => {
      const { identities } = directory
      expect(await identities.addUser(user(1))).toBe(true)
      expect(await identities.addUser({ ...user(2), email: user(1).email })).toBe(false)
      expect(await identities.addUser(ofIssuer(3))).toBe(true)
      expect(await identities.addUser({ ...ofIssuer(4), subject: ofIssuer(3).subject })).toBe(false)
      expect(await identities.addUser({ ...ofIssuer(4), issuer: 'https://another.example' })).toBe(true)
      expect(await identities.users()).toHaveLength(3)
    })

    test('changes what is named of a user, and nothing else', async () => {
      const { identities } = directory
      await identities.addUser(user(1))
      expect(await identities.changeUser(user(1).id, { name: 'Anna', disabledAt: 5 })).toBe(true)
      expect(await identities.changeUser(user(1).id, { disabledAt: undefined, roles: [] })).toBe(true)
      expect(await identities.changeUser(user(1).id, {})).toBe(true)
      expect(await identities.changeUser('none', { name: 'x' })).toBe(false)
      expect(await identities.changeUser('none', {})).toBe(false)
      expect(await identities.users()).toEqual([{ ...user(1), name: 'Anna', roles: [] }])
    })

    test('an invitation is accepted once, also by several at a time', async () => {
      await using other = await driver.reopen()
      await directory.identities.addInvitation(invitation(1))
      const answers = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          (n % 2 === 0 ? directory : other).identities.acceptInvitation(invitation(1).id, user(n)),
        ),
      )
      expect(answers.toSorted()).toEqual(['accepted', 'gone', 'gone', 'gone'])
      expect(await directory.identities.users()).toHaveLength(1)
    })

    test('an invitation stays when somebody has its address already', async () => {
      const { identities } = directory
      await identities.addUser(user(1))
      await identities.addInvitation(invitation(1))
      const taken = { ...user(2), email: user(1).email }
      expect(await identities.acceptInvitation(invitation(1).id, taken)).toBe('taken')
      expect(await identities.invitations()).toEqual([invitation(1)])
      expect(await identities.deleteInvitation(invitation(1).id)).toBe(true)
      expect(await identities.deleteInvitation(invitation(1).id)).toBe(false)
    })

    test('of several who rotate a session with the same token, one succeeds', async () => {
      await using other = await driver.reopen()
      await directory.identities.addUser(user(1))
      await directory.identities.addSession(session(1))
      const rotated = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          (n % 2 === 0 ? directory : other).identities.rotateSession(
            session(1).id,
            'refresh 1',
            rotatedTo(n),
          ),
        ),
      )
      expect(rotated.filter((isRotated) => isRotated)).toHaveLength(1)
      const [stored] = await directory.identities.sessions()
      expect(stored).toEqual({ ...session(1), ...rotatedTo(rotated.indexOf(true) + 1) })
    })

    test('the revision rises with each change, and with nothing else', async () => {
      await using other = await driver.reopen()
      const { identities } = directory
      let before = await identities.identityRevision()
      const rises = async (change: () => Promise<unknown>): Promise<boolean> => {
        await change()
        const now = await other.identities.identityRevision()
        const hasRisen = now > before
        before = now
        return hasRisen
      }
      expect(await rises(() => identities.addUser(user(1)))).toBe(true)
      expect(await rises(() => identities.addUser(user(1)))).toBe(false)
      expect(await rises(() => identities.addSession(session(1)))).toBe(true)
      expect(await rises(() => identities.sessions())).toBe(false)
      expect(await rises(() => identities.deleteSessions(['none']))).toBe(false)
      expect(await rises(() => identities.deleteSessions([session(1).id]))).toBe(true)
    })

    test('a user who is deleted leaves nothing in any file, sessions and invitations included', async () => {
      const { identities } = directory
      const anna = { ...user(1), email: 'anna.secret@example.com', name: 'Anna of the secret name' }
      await identities.addUser(anna)
      await identities.addUser(user(2))
      await identities.changeUser(anna.id, { name: 'Anna, married secretly' })
      await identities.addSession({ ...session(1), client: 'a secret browser', address: '203.0.113.77' })
      await identities.addSession(session(2, user(2).id))
      await identities.addInvitation({ ...invitation(3), email: 'anna.secret@example.com' })
      expect(await identities.deleteUser(anna.id)).toBe(true)
      expect(await identities.deleteUser(anna.id)).toBe(false)
      expect(await identities.users()).toEqual([user(2)])
      expect(await identities.sessions()).toEqual([session(2, user(2).id)])
      expect(await identities.invitations()).toEqual([])
      const bytes = await driver.storedBytes()
      for (const text of [
        'anna.secret',
        'the secret name',
        'married secretly',
        'secret browser',
        '203.0.113.77',
      ])
        expect(bytes.includes(text), text).toBe(false)
    })
  })
}
