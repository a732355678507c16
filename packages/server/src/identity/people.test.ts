import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BUILT_IN_ROLES } from '../access/roles.ts'
import type { StoredUser } from '../directory/identities.ts'
import { SqliteDirectory } from '../store/sqlite/directory.ts'
import { People } from './people.ts'
import { ACCESS_MS, IDLE_MS, SESSION_MS, SESSIONS_OF_A_USER_MAX } from './sessions.ts'

const PASSWORD = 'correct horse battery'
const PLACE = { address: '192.0.2.1', client: undefined }
const roles = { get: (name: string) => BUILT_IN_ROLES.find((role) => role.name === name) }

let root = ''
let now = 1_000_000
const directories: SqliteDirectory[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trailproof-people-'))
  now = 1_000_000
})
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory[Symbol.asyncDispose]()
  rmSync(root, { recursive: true })
})

const pause = async (): Promise<void> => undefined

async function server(): Promise<People> {
  const directory = SqliteDirectory.create(join(root, 'directory.db'))
  directories.push(directory)
  return People.load({ store: directory.identities, roles, now: () => now, isShared: true, pause })
}

async function added(people: People, email: string): Promise<StoredUser> {
  const passwordHash = await people.passwords.hash(PASSWORD)
  return (await people.users.add({ email, name: email, passwordHash, roles: ['viewer'], teams: [] }))!
}

async function loggedIn(people: People, email: string) {
  const login = await people.logIn(email, PASSWORD, PLACE)
  if (login.kind !== 'session') throw new Error(login.kind)
  return login.tokens
}

test('while somebody has to wait not even the right password is tried, from anywhere', async () => {
  const people = await server()
  await added(people, 'a@example.com')
  for (const email of ['a@example.com', 'nobody@example.com']) {
    for (let i = 0; i < 5; i++)
      expect((await people.logIn(email, 'a guess', { ...PLACE, address: `192.0.2.${i}` })).kind).toBe('wrong')
    expect(await people.logIn(email, PASSWORD, PLACE)).toMatchObject({ kind: 'wait', ms: 1000 })
  }
  now += 1000
  expect((await people.logIn('a@example.com', PASSWORD, PLACE)).kind).toBe('session')
  // And what failed before is forgotten.
  expect((await people.logIn('a@example.com', 'a guess', PLACE)).kind).toBe('wrong')
  expect((await people.logIn('a@example.com', PASSWORD, PLACE)).kind).toBe('session')
})

test('an address that guesses names has to wait, too, whatever names they are', async () => {
  const people = await server()
  const kinds: string[] = []
  for (let i = 0; i < 22; i++) kinds.push((await people.logIn(`u-${i}@example.com`, 'a guess', PLACE)).kind)
  expect(kinds.slice(0, 21)).toEqual(Array.from({ length: 21 }, () => 'wrong'))
  expect(kinds[21]).toBe('wait')
  const elsewhere = { ...PLACE, address: '192.0.2.2' }
  expect((await people.logIn('u-0@example.com', 'a guess', elsewhere)).kind).toBe('wrong')
  // One customer of IPv6 has more addresses than can be counted.
  for (let i = 0; i < 21; i++)
    await people.logIn(`v-${i}@example.com`, 'a guess', { ...PLACE, address: `2001:db8:0:1::${i}` })
  const another = { ...PLACE, address: '2001:db8:0:1:ffff::1' }
  expect((await people.logIn('v-99@example.com', 'a guess', another)).kind).toBe('wait')
})

test('an access token ends after a quarter of an hour, a session after a week of silence or a month', async () => {
  const people = await server()
  await added(people, 'a@example.com')
  let tokens = await loggedIn(people, 'a@example.com')
  const identified = () => people.identify({ token: tokens.accessToken })
  const watched = () => {
    const caller = identified()
    if (caller?.kind !== 'caller') throw new Error('nobody')
    return caller.watch()
  }
  const first = watched()
  now += ACCESS_MS
  expect(identified()).toMatchObject({ kind: 'refused', reason: 'expired' })
  first.check()
  expect(first.refusal).toMatchObject({ reason: 'expired' })
  let second = first
  const end = tokens.session.createdAt + SESSION_MS
  while (now < end - IDLE_MS / 2) {
    now += IDLE_MS / 2
    const refreshed = await people.sessions.refresh(tokens.refreshToken)
    if (refreshed.kind !== 'refreshed') throw new Error(refreshed.kind)
    tokens = refreshed.tokens
    expect(identified()).toMatchObject({ kind: 'caller' })
    // What is begun goes on while the session does.
    second = watched()
    now += ACCESS_MS - 1
    second.check()
    expect(second.signal.aborted).toBe(false)
    now -= ACCESS_MS - 1
  }
  now = end
  expect(await people.sessions.refresh(tokens.refreshToken)).toEqual({ kind: 'unknown' })
  second.check()
  expect(second.signal.aborted).toBe(true)

  const silent = await loggedIn(people, 'a@example.com')
  now += IDLE_MS
  expect(await people.sessions.refresh(silent.refreshToken)).toEqual({ kind: 'unknown' })
})

test('of the sessions of a user the one that was silent for longest makes room for another', async () => {
  const people = await server()
  const user = await added(people, 'a@example.com')
  const first = await loggedIn(people, 'a@example.com')
  for (let i = 1; i < SESSIONS_OF_A_USER_MAX; i++) {
    now += 1000
    await people.sessions.open(user.id, PLACE)
  }
  expect(people.identify({ token: first.accessToken })).toMatchObject({ kind: 'caller' })
  await people.sessions.open(user.id, PLACE)
  expect(people.identify({ token: first.accessToken })).toBeUndefined()
  expect(people.sessions.ofUser(user.id)).toHaveLength(SESSIONS_OF_A_USER_MAX)
})

test('other servers on the directory know of a session when it is shown, and of its end when they look', async () => {
  const [one, two] = [await server(), await server()]
  const user = await added(one, 'a@example.com')
  const tokens = await loggedIn(one, 'a@example.com')
  const credentials = { token: tokens.accessToken }
  expect(two.identify(credentials)).toBeUndefined()
  await two.prepare(credentials)
  const caller = two.identify(credentials)
  if (caller?.kind !== 'caller') throw new Error('nobody')
  expect(two.prepare(credentials)).toBeUndefined()
  using watch = caller.watch()
  await one.change(user.id, { roles: ['analyst'] })
  expect(watch.signal.aborted).toBe(false)
  await two.reload()
  expect(watch.refusal).toMatchObject({ reason: 'role-changed' })
  expect(two.identify(credentials)).toMatchObject({ grants: [{ role: { name: 'analyst' } }] })

  // What was rotated at one is used at the other: the second use is seen wherever it comes.
  expect(await one.sessions.refresh(tokens.refreshToken)).toMatchObject({ kind: 'refreshed' })
  expect(await two.sessions.refresh(tokens.refreshToken)).toMatchObject({ kind: 'reused' })
  await one.reload()
  expect(one.sessions.ofUser(user.id)).toEqual([])
  await one.change(user.id, { disabledAt: now })
  await two.reload()
  expect((await two.logIn('a@example.com', PASSWORD, PLACE)).kind).toBe('wrong')
})

test('what is read of the directory while a session is gone on with takes nothing back', async () => {
  const [one, two] = [await server(), await server()]
  await added(one, 'a@example.com')
  await two.reload()
  let { refreshToken } = await loggedIn(one, 'a@example.com')
  for (let i = 0; i < 5; i++) {
    const reading = one.reload()
    const refreshing = one.sessions.refresh(refreshToken)
    await added(two, `other-${i}@example.com`)
    const [refreshed] = await Promise.all([refreshing, reading, one.reload()])
    if (refreshed.kind !== 'refreshed') throw new Error(refreshed.kind)
    await one.reload()
    expect(one.identify({ token: refreshed.tokens.accessToken })).toMatchObject({ kind: 'caller' })
    refreshToken = refreshed.tokens.refreshToken
  }
  // What was ended elsewhere is gone, and nobody's theft.
  const [session] = one.sessions.ofUser(one.users.byEmail('a@example.com')!.id)
  await two.reload()
  await two.sessions.end([session!.id])
  expect(await one.sessions.refresh(refreshToken)).toEqual({ kind: 'unknown' })
})
