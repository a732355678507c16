import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SqliteDirectory } from '../store/sqlite/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { Act } from './act.ts'
import { APPROVAL_TTL_MS, Approvals, type ApprovalsDeps, OPEN_APPROVALS_MAX } from './approvals.ts'

const ANNA = { id: 'user:anna', name: 'Anna' }
const BERT = { id: 'user:bert', name: 'Bert' }
const CARL = { id: 'user:carl', name: 'Carl' }
const ACT: Act = {
  kind: 'subject-erasure',
  ledger: 'main',
  subject: { id: 'somebody-personal' },
  authority: 'GDPR Art. 17',
  reason: 'asked',
}

let root: string
let store: SqliteDirectory
let now: number
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trailproof-approvals-'))
  store = SqliteDirectory.create(join(root, 'directory.db'))
  now = Date.parse('2026-11-22T10:00:00Z')
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  rmSync(root, { recursive: true })
})

const perform = () => vi.fn<ApprovalsDeps['perform']>(async () => ({ records: 3 }))

function approvalsOf(more: Partial<ApprovalsDeps> = {}): Approvals {
  return new Approvals({
    store,
    perform: perform(),
    alone: (work) => work(),
    isSamePerson: async (one, other) => [one, other].every((id) => id.endsWith('anna')),
    log: pino({ level: 'silent' }),
    now: () => now,
    ...more,
  })
}

test('what somebody asks for is done once somebody else has approved it, by the hands of both', async () => {
  const doing = perform()
  const approvals = approvalsOf({ perform: doing })
  const { id, digest } = await approvals.ask(ACT, ANNA)
  expect(doing).not.toHaveBeenCalled()
  expect(await approvals.approve(id, digest, BERT, 'looked at it')).toMatchObject({
    kind: 'decided',
    approval: { state: 'done', outcome: { records: 3 }, decision: { by: BERT, reason: 'looked at it' } },
  })
  expect(doing.mock.calls).toEqual([[ACT, { askedBy: ANNA, approval: { id, by: BERT, at: now } }]])
})

test.each<[string, (approvals: Approvals, id: string, digest: string) => Promise<unknown>, object]>([
  [
    'who asks does not approve, whatever their name is now',
    (approvals, id, digest) => approvals.approve(id, digest, { ...ANNA, name: 'Anna, married' }, 'r'),
    { kind: 'refused', reason: 'own' },
  ],
  [
    'neither does somebody with another key of theirs',
    (approvals, id, digest) => approvals.approve(id, digest, { id: 'key of anna', name: 'k' }, 'r'),
    { kind: 'refused', reason: 'same-person' },
  ],
  [
    'another request than the one looked at is not approved',
    (approvals, id) => approvals.approve(id, '0'.repeat(64), BERT, 'r'),
    { kind: 'refused', reason: 'another-request' },
  ],
  [
    'nobody else takes it back',
    (approvals, id) => approvals.withdraw(id, BERT, 'r'),
    { kind: 'refused', reason: 'not-own' },
  ],
  [
    'what there is not is not decided',
    (approvals) => approvals.reject('none', BERT, 'r'),
    { kind: 'refused', reason: 'unknown' },
  ],
])('%s', async (_, decide, answer) => {
  const doing = perform()
  const approvals = approvalsOf({ perform: doing })
  const { id, digest } = await approvals.ask(ACT, ANNA)
  expect(await decide(approvals, id, digest)).toEqual(answer)
  expect(await approvals.get(id)).toMatchObject({ state: 'asked' })
  expect(doing).not.toHaveBeenCalled()
})

test('of several who decide at once one does, and it is done once', async () => {
  const doing = perform()
  const approvals = approvalsOf({ perform: doing })
  const { id, digest } = await approvals.ask(ACT, ANNA)
  const answers = await Promise.all([
    approvals.approve(id, digest, BERT, 'r'),
    approvals.approve(id, digest, CARL, 'r'),
  ])
  expect(answers.filter(({ kind }) => kind === 'decided')).toHaveLength(1)
  expect(doing).toHaveBeenCalledTimes(1)

  // Which of them is earlier is not said; what was rejected is not done.
  const next = await approvals.ask(ACT, ANNA)
  const [approved, rejected] = await Promise.all([
    approvals.approve(next.id, next.digest, BERT, 'r'),
    approvals.reject(next.id, CARL, 'r'),
  ])
  expect([approved.kind, rejected.kind].toSorted()).toEqual(['decided', 'refused'])
  expect(doing).toHaveBeenCalledTimes(approved.kind === 'decided' ? 2 : 1)
})

test.each<[string, (approvals: Approvals, id: string, digest: string) => Promise<unknown>]>([
  ['done', (approvals, id, digest) => approvals.approve(id, digest, BERT, 'r')],
  ['rejected', (approvals, id) => approvals.reject(id, BERT, 'r')],
  ['withdrawn', (approvals, id) => approvals.withdraw(id, ANNA, 'r')],
  [
    'expired',
    async (approvals) => {
      now += APPROVAL_TTL_MS
      await approvals.list(['asked'], 10)
    },
  ],
])('what is %s names nobody any more in any file, and stays what it is', async (state, settle) => {
  const approvals = approvalsOf()
  const { id, digest } = await approvals.ask(ACT, ANNA)
  expect(bytes().includes('somebody-personal')).toBe(true)
  await settle(approvals, id, digest)
  expect(bytes().includes('somebody-personal')).toBe(false)
  expect(await approvals.get(id)).toMatchObject({ state, request: '', digest })
  expect(await approvals.approve(id, digest, BERT, 'r')).toEqual({
    kind: 'refused',
    reason: 'settled',
    state,
  })
})

test('what was asked for too long ago is not approved', async () => {
  const doing = perform()
  const approvals = approvalsOf({ perform: doing })
  const { id, digest } = await approvals.ask(ACT, ANNA)
  now += APPROVAL_TTL_MS
  expect(await approvals.approve(id, digest, BERT, 'r')).toMatchObject({ reason: 'settled' })
  expect(doing).not.toHaveBeenCalled()
})

test('the same act has another digest each time, so that nobody can try names against it', async () => {
  const approvals = approvalsOf()
  const [one, two] = [await approvals.ask(ACT, ANNA), await approvals.ask(ACT, ANNA)]
  expect(one.digest).not.toBe(two.digest)
})

test('a request that was changed where it is stored is neither approved nor done', async () => {
  const doing = perform()
  const changed: ApprovalsDeps['store'] = new Proxy(store, {
    get(target, name: keyof SqliteDirectory) {
      if (name === 'approval')
        return async (id: string) => {
          const approval = await target.approval(id)
          return approval && { ...approval, request: approval.request.replace('somebody', 'anybody') }
        }
      const member: unknown = target[name]
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
  const { id, digest } = await approvalsOf().ask(ACT, ANNA)
  expect(await approvalsOf({ store: changed, perform: doing }).approve(id, digest, BERT, 'r')).toMatchObject({
    reason: 'another-request',
  })
  await store.moveApproval(id, {
    from: 'asked',
    to: 'approved',
    decision: { by: BERT, at: now, reason: 'r' },
  })
  await using _ = approvalsOf({ store: changed, perform: doing }).start()
  await expect.poll(() => store.approval(id)).toMatchObject({ state: 'failed' })
  expect(doing).not.toHaveBeenCalled()
})

test('what was approved and not done is done at the next start', async () => {
  const { id, digest } = await approvalsOf().ask(ACT, ANNA)
  const dying = approvalsOf({ perform: () => Promise.reject(new Error('killed')) })
  expect(await dying.approve(id, digest, BERT, 'r')).toMatchObject({ approval: { state: 'approved' } })
  const doing = perform()
  await using _ = approvalsOf({ perform: doing }).start()
  await expect.poll(() => store.approval(id)).toMatchObject({ state: 'done' })
  expect(doing.mock.calls).toEqual([[ACT, { askedBy: ANNA, approval: { id, by: BERT, at: now } }]])
})

test('what can never be done has failed, and says why', async () => {
  const approvals = approvalsOf({
    perform: () => Promise.reject(new TrailproofError('NOT_ERASABLE', 'entry 3 stays')),
  })
  const { id, digest } = await approvals.ask(ACT, ANNA)
  expect(await approvals.approve(id, digest, BERT, 'r')).toMatchObject({
    approval: { state: 'failed', outcome: { error: 'entry 3 stays' } },
  })
})

test('another server that does such work is left to it', async () => {
  const doing = perform()
  const approvals = approvalsOf({ perform: doing, alone: async () => undefined })
  const { id, digest } = await approvals.ask(ACT, ANNA)
  expect(await approvals.approve(id, digest, BERT, 'r')).toMatchObject({ approval: { state: 'approved' } })
  expect(doing).not.toHaveBeenCalled()
})

test('more than can be looked through are not taken', async () => {
  const approvals = approvalsOf({ store: new Proxy(store, { get: fullAt3 }) })
  for (let i = 0; i < 3; i++) await approvals.ask(ACT, ANNA)
  await expect(approvals.ask(ACT, ANNA)).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true })
})

/** The store, whose bound is 3 instead of a thousand. */
function fullAt3(target: SqliteDirectory, name: keyof SqliteDirectory): unknown {
  if (name === 'addApproval')
    return (approval: Parameters<SqliteDirectory['addApproval']>[0], max: number) => {
      expect(max).toBe(OPEN_APPROVALS_MAX)
      return target.addApproval(approval, 3)
    }
  const member: unknown = target[name]
  return typeof member === 'function' ? (member.bind(target) as unknown) : member
}

function bytes(): Buffer {
  return Buffer.concat(readdirSync(root).map((name) => readFileSync(join(root, name))))
}
