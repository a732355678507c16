/** Every operation of both protocols: what it takes, and a request that asks for it. */

import type { Permission } from '../../packages/server/src/access/permissions.ts'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'

export const ID = '0198319c-2a3d-7abc-8def-0123456789ab'
const NOBODY = '00000000-0000-7000-8000-000000000000'

/** `open`: to everybody; `key`: to every valid key. */
export type Needs = Permission | 'open' | 'key'

export interface Operation {
  /** As it is registered: the method and template of a route, or the name of an RPC. */
  readonly name: string
  /** What is special about this request of it. */
  readonly when?: string
  readonly needs: Needs
  /** It takes this permission, too. */
  readonly also?: Permission
  /** It asks about personal data: who sees it masked is denied, and may unmask. */
  readonly asksPersonal?: boolean
  /** It names no ledger: keys of another one are let in, and see nothing of this one. */
  readonly anyLedger?: boolean
  /** It concerns all ledgers. */
  readonly allLedgers?: boolean
  readonly path?: string
  readonly body?: unknown
  readonly contentType?: string
}

const route = (name: string, needs: Needs, more: Partial<Operation> = {}): Operation => ({
  name,
  needs,
  ...more,
})

export const ROUTES: readonly Operation[] = [
  route('GET /healthz', 'open', { path: '/healthz' }),
  route('GET /readyz', 'open', { path: '/readyz' }),
  route('GET /metrics', 'open', { path: '/metrics' }),
  route('GET /ledgers/{name}/checkpoint', 'open', { path: '/ledgers/main/checkpoint' }),
  route('GET /api/v1/metadata', 'open', { path: '/api/v1/metadata' }),
  route('GET /api/v1/status/buildinfo', 'open', { path: '/api/v1/status/buildinfo' }),
  route('GET /v1/access/me', 'key', { path: '/v1/access/me', anyLedger: true }),
  route('POST /v1/events', 'record', { path: '/v1/events?ledger=main', body: { action: 'a.b' } }),
  route('POST /api/log', 'record', {
    path: '/api/log?ledger=main',
    body: { service: 's', level: 'info', message: 'm' },
  }),
  route('GET /v1/search', 'read', { path: '/v1/search?ledger=main&q=action:a.b' }),
  route('GET /v1/search', 'read', {
    when: 'of the accesses',
    also: 'read-access',
    path: '/v1/search?ledger=main.access&q=action:a.b',
  }),
  route('GET /v1/search', 'read', {
    when: 'by personal data',
    asksPersonal: true,
    path: '/v1/search?ledger=main&q=actor:anna',
  }),
  route('POST /v1/search', 'read', { path: '/v1/search', body: { ledger: 'main', q: 'action:a.b' } }),
  route('GET /logs', 'read', { path: '/logs?ledger=main' }),
  route('GET /v1/search/explain', 'read', { path: '/v1/search/explain?ledger=main&q=action:a.b' }),
  route('GET /v1/events/{id}', 'read', { path: `/v1/events/${ID}?ledger=main` }),
  route('GET /v1/events/{id}/context', 'read', { path: `/v1/events/${ID}/context?ledger=main` }),
  route('GET /v1/trails/{trace_id}', 'read', { path: '/v1/trails/t-1?ledger=main' }),
  route('GET /v1/targets/{type}/{id}/history', 'read', {
    asksPersonal: true,
    path: '/v1/targets/order/o-1/history?ledger=main',
  }),
  route('GET /v1/actors/{id}/history', 'read', {
    asksPersonal: true,
    path: '/v1/actors/anna/history?ledger=main',
  }),
  route('GET /v1/histogram', 'read', { path: '/v1/histogram?ledger=main' }),
  route('GET /v1/facets', 'read', { path: '/v1/facets?ledger=main' }),
  route('GET /v1/fields', 'read', { path: '/v1/fields?ledger=main' }),
  route('GET /v1/fields/{field}/values', 'read', { path: '/v1/fields/service/values?ledger=main' }),
  route('GET /v1/tail', 'read', { path: '/v1/tail?ledger=main' }),
  ...[
    '/api/v1/query?query=1',
    '/api/v1/query_range?query=1&start=0&end=1&step=1',
    '/api/v1/labels?a=b',
  ].flatMap((path) => {
    const name = path.split('?')[0]!
    const anyLedger = name === '/api/v1/labels'
    return [
      route(`GET ${name}`, 'read', { path: `${path}&ledger=main`, anyLedger }),
      route(`POST ${name}`, 'read', {
        path: `${path}&ledger=main`,
        anyLedger,
        body: 'ledger=main',
        contentType: 'application/x-www-form-urlencoded',
      }),
    ]
  }),
  route('GET /api/v1/series', 'read', { path: '/api/v1/series?ledger=main&match[]=trailproof_events' }),
  route('POST /api/v1/series', 'read', {
    path: '/api/v1/series?ledger=main&match[]=trailproof_events',
    body: 'ledger=main',
    contentType: 'application/x-www-form-urlencoded',
  }),
  route('GET /api/v1/label/{name}/values', 'read', { path: '/api/v1/label/service/values?ledger=main' }),
  route('GET /v1/saved', 'save-searches', { path: '/v1/saved?ledger=main' }),
  route('GET /v1/saved/{name}', 'save-searches', { path: '/v1/saved/none?ledger=main' }),
  route('PUT /v1/saved/{name}', 'save-searches', {
    path: '/v1/saved/probe?ledger=main',
    body: { query: 'action:a.b' },
  }),
  route('PUT /v1/saved/{name}', 'save-searches', {
    when: 'shared',
    also: 'share-searches',
    path: '/v1/saved/probe2?ledger=main',
    body: { query: 'action:a.b', shared: true },
  }),
  route('DELETE /v1/saved/{name}', 'save-searches', { path: '/v1/saved/none?ledger=main' }),
  route('GET /v1/export', 'export', { path: '/v1/export?ledger=main' }),
  route('GET /v1/ledgers', 'read', { path: '/v1/ledgers', anyLedger: true }),
  route('GET /v1/ledgers/{name}', 'read', { path: '/v1/ledgers/main' }),
  route('GET /v1/ledgers/{name}/entries', 'prove', { path: '/v1/ledgers/main/entries' }),
  route('GET /v1/ledgers/{name}/entries/{index}', 'prove', { path: '/v1/ledgers/main/entries/0' }),
  route('GET /v1/ledgers/{name}/entries/{index}/proof', 'prove', {
    path: '/v1/ledgers/main/entries/0/proof',
  }),
  route('GET /v1/ledgers/{name}/consistency', 'prove', { path: '/v1/ledgers/main/consistency?first=0' }),
  route('GET /ledgers/{name}/tile/{*}', 'prove', { path: '/ledgers/main/tile/0/000.p/1' }),
  route('POST /v1/session', 'open', { path: '/v1/session', body: {} }),
  route('POST /v1/session/refresh', 'open', { path: '/v1/session/refresh', body: {} }),
  route('GET /v1/oidc', 'open', { path: '/v1/oidc' }),
  route('GET /v1/oidc/login', 'open', { path: '/v1/oidc/login' }),
  route('GET /v1/oidc/callback', 'open', { path: '/v1/oidc/callback' }),
  route('DELETE /v1/session', 'key', { path: '/v1/session', anyLedger: true }),
  route('GET /v1/sessions', 'key', { path: '/v1/sessions', anyLedger: true }),
  route('DELETE /v1/sessions/{id}', 'key', { path: '/v1/sessions/none', anyLedger: true }),
  route('PUT /v1/me/password', 'key', {
    path: '/v1/me/password',
    body: { current: 'x', password: 'x' },
    anyLedger: true,
  }),
  route('GET /v1/users', 'manage-users', { path: '/v1/users', anyLedger: true }),
  route('POST /v1/users', 'manage-users', {
    path: '/v1/users',
    body: { email: 'probe@example.com', name: 'probe', password_hash: 'none', roles: ['producer@main'] },
  }),
  route('PATCH /v1/users/{id}', 'manage-users', {
    path: '/v1/users/none',
    body: { disabled: true },
    anyLedger: true,
  }),
  route('DELETE /v1/users/{id}', 'manage-users', { path: '/v1/users/none', anyLedger: true }),
  route('GET /v1/invitations', 'manage-users', { path: '/v1/invitations', anyLedger: true }),
  route('POST /v1/invitations', 'manage-users', {
    path: '/v1/invitations',
    body: { email: 'probe@example.com', roles: ['producer@main'] },
  }),
  route('DELETE /v1/invitations/{id}', 'manage-users', { path: '/v1/invitations/none', anyLedger: true }),
  route('POST /v1/invitations/accept', 'open', { path: '/v1/invitations/accept', body: {} }),
  route('GET /v1/keys', 'manage-keys', { path: '/v1/keys', anyLedger: true }),
  route('POST /v1/keys', 'manage-keys', {
    path: '/v1/keys',
    body: { name: 'probe', ledger: 'main', roles: ['producer'] },
  }),
  route('POST /v1/keys/{prefix}/rotate', 'manage-keys', {
    path: '/v1/keys/none/rotate',
    body: {},
    anyLedger: true,
  }),
  route('DELETE /v1/keys/{prefix}', 'manage-keys', { path: '/v1/keys/none', anyLedger: true }),
  route('POST /v1/viewer-tokens', 'make-viewers', {
    also: 'read',
    path: '/v1/viewer-tokens',
    body: { ledger: 'main', query: 'action:a.b', name: 'probe' },
  }),
  route('GET /v1/roles', 'manage-keys', { path: '/v1/roles', anyLedger: true }),
  route('PUT /v1/roles/{name}', 'manage-roles', {
    path: '/v1/roles/probe',
    body: { permissions: ['read'] },
    allLedgers: true,
  }),
  route('DELETE /v1/roles/{name}', 'manage-roles', { path: '/v1/roles/none', allLedgers: true }),
  route('GET /v1/quarantine', 'quarantine', { path: '/v1/quarantine?ledger=main' }),
  route('GET /v1/quarantine/{id}', 'quarantine', { path: '/v1/quarantine/none', anyLedger: true }),
  route('POST /v1/quarantine/{id}/replay', 'quarantine', {
    path: '/v1/quarantine/none/replay',
    anyLedger: true,
    body: {},
  }),
  route('DELETE /v1/quarantine/{id}', 'quarantine', { path: '/v1/quarantine/none', anyLedger: true }),
  route('POST /v1/erasures', 'erase', {
    path: '/v1/erasures',
    body: { ledger: 'main', ids: [NOBODY], authority: 'a', reason: 'r' },
  }),
  route('POST /v1/erasures/subject', 'erase', {
    path: '/v1/erasures/subject',
    body: { ledger: 'main', subject: { id: 'nobody-at-all' }, authority: 'a', reason: 'r' },
  }),
  route('GET /v1/approvals', 'key', { path: '/v1/approvals', anyLedger: true }),
  route('GET /v1/approvals/{id}', 'key', { path: '/v1/approvals/none', anyLedger: true }),
  ...['approve', 'reject'].map((decision) =>
    route(`POST /v1/approvals/{id}/${decision}`, 'approve', {
      path: `/v1/approvals/none/${decision}`,
      body: { reason: 'r', ...(decision === 'approve' && { digest: '0'.repeat(64) }) },
      anyLedger: true,
    }),
  ),
  route('POST /v1/approvals/{id}/withdraw', 'key', {
    path: '/v1/approvals/none/withdraw',
    body: { reason: 'r' },
    anyLedger: true,
  }),
  route('GET /v1/retention/{ledger}', 'retain', { path: '/v1/retention/main' }),
  route('PUT /v1/retention/{ledger}', 'retain', { path: '/v1/retention/main', body: { rules: [] } }),
  route('GET /v1/retention/{ledger}/preview', 'retain', { path: '/v1/retention/main/preview' }),
  route('POST /v1/retention/{ledger}/preview', 'retain', {
    path: '/v1/retention/main/preview',
    body: { rules: [] },
  }),
  route('GET /v1/holds', 'hold', { path: '/v1/holds?ledger=main' }),
  route('POST /v1/holds', 'hold', {
    path: '/v1/holds',
    body: { ledger: 'main', name: 'probe', authority: 'a', reason: 'r', range: { from: 0, to: 1 } },
  }),
  route('DELETE /v1/holds/{name}', 'hold', { path: '/v1/holds/none?ledger=main&authority=a&reason=r' }),
  route('POST /v1/ledgers', 'make-ledgers', {
    path: '/v1/ledgers',
    body: { name: 'main' },
    allLedgers: true,
  }),
  // A hold of an earlier request keeps it.
  route('DELETE /v1/ledgers/{name}', 'delete-ledger', { path: '/v1/ledgers/main?authority=a&reason=r' }),
  route('POST /v1/ledgers/{name}/index/rebuild', 'rebuild-index', { path: '/v1/ledgers/main/index/rebuild' }),
]

const { logEvent, logEvents, logStream, getEventByID, getEventByResource, getProof, search, tail } =
  AuditService.method

/** By the name of the RPC. */
export const RPCS: readonly (Operation & { readonly rpc: { readonly name: string } })[] = [
  { rpc: logEvent, needs: 'record' as const },
  { rpc: logEvents, needs: 'record' as const },
  { rpc: logStream, needs: 'record' as const },
  { rpc: getEventByID, needs: 'read' as const },
  { rpc: getEventByResource, needs: 'read' as const, asksPersonal: true },
  { rpc: search, needs: 'read' as const },
  { rpc: tail, needs: 'read' as const },
  { rpc: getProof, needs: 'prove' as const },
].map((each) => ({ ...each, name: each.rpc.name }))
