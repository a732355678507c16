/**
 * The metrics, alerts and dashboard that we ship, as a real Prometheus takes them. It comes from Debian
 * (`.ci/run` installs it); without it these fail, they do not skip.
 */
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { GrpcClient } from '../support/grpc-client.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const run = promisify(execFile)
const ALERTS = resolve('docs/monitoring/alerts.yml')
const TESTS = 'docs/monitoring/alerts.test.yml'
const DASHBOARD = 'docs/monitoring/grafana-dashboard.json'

interface Rule {
  readonly alert: string
  readonly expr: string
}
const rules = (parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}
const panels = (JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: Panel[] }).panels
/** As Grafana fills them in. */
const panelQueries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({
    title,
    expr: expr.replaceAll('$__rate_interval', '5s').replaceAll('$instance', '.*'),
  })),
)
/** Nothing is wrong or waits at most moments, so these show nothing. */
const QUIET = new Set(['In flight'])

test('promtool finds nothing wrong with the alerts, their tests and the scrape configuration', async () => {
  await run('promtool', ['check', 'config', 'docs/monitoring/prometheus.yml'])
  await run('promtool', ['test', 'rules', TESTS])
  const tested = (parse(readFileSync(TESTS, 'utf8')) as { tests: { name: string }[] }).tests
  expect(tested.map(({ name }) => name).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted())
})

test('every alert and every panel asks for metrics that are there, and Prometheus evaluates it', async () => {
  const server = await testServer()
  await someTraffic(server)
  expect(await lint(await metricsOf(server))).toBe('')
  const known = namesIn(await metricsOf(server))

  const prometheus = await startPrometheus(server.url, [ALERTS])
  await untilScraped(prometheus)
  await someTraffic(server) // an increase between two scrapes
  await untilScraped(prometheus)
  for (const { title, expr } of [
    ...panelQueries,
    ...rules.map((rule) => ({ title: rule.alert, expr: rule.expr })),
  ]) {
    for (const [name] of expr.matchAll(/\b(?:trailproof|process|nodejs)_[a-z0-9_]+/g))
      expect(known, title).toContain(name)
    const { result } = await prometheus.get<{ result: unknown[] }>('/api/v1/query', { query: expr })
    if (panels.some((panel) => panel.title === title) && !QUIET.has(title))
      expect(result, `${title}: ${expr}`).not.toEqual([])
  }
  const { groups } = await prometheus.get<{ groups: { rules: { health: string }[] }[] }>('/api/v1/rules')
  const health = groups.flatMap((group) => group.rules.map((rule) => rule.health))
  expect(health).toEqual(rules.map(() => 'ok'))
  // What a few seconds foretell of a disk that others write to as well is nobody's concern; it has to last.
  const raised = (await alerting(prometheus)).filter((alert) => alert !== 'TrailproofDiskFullTomorrow')
  expect(raised).toEqual(['TrailproofBadRecords'])
}, 60_000)

test('a server without room raises the alert that it takes no records', async () => {
  const server = await testServer({ disk_reserve_mib: 1_000_000_000 })
  const prometheus = await startPrometheus(server.url, [ALERTS])
  await expect
    .poll(() => alerting(prometheus), { timeout: 20_000, interval: 250 })
    .toEqual(expect.arrayContaining(['TrailproofTakesNoRecords', 'TrailproofDiskNearReserve']))
  // Reads are refused too, as they cannot be recorded; that one does not wait.
  await server.fetch('/v1/search')
  await expect
    .poll(() => alerting(prometheus), { timeout: 20_000, interval: 250 })
    .toContain('TrailproofReadsNotRecorded')
}, 60_000)

/** One of everything that is counted: both protocols, good records and bad, reads, a tail, refusals. */
async function someTraffic(server: TestServer): Promise<void> {
  const client = new GrpcClient(server.url)
  const { logEvents, search } = AuditService.method
  await server.post('/v1/events?wait=index', [{ action: 'a.b' }, { action: 'a.b', labels: { a: {} } }])
  await server.post('/v1/events', { labels: 7 })
  await server.fetch('/v1/search', { token: 'no-such-token' })
  await server.get(`/v1/search?q=${encodeURIComponent(`message:${Math.random()}`)}`)
  await client.call(logEvents, { events: [{ action: 'a.b' }] })
  await client.call(search, { query: 'action:a.b' })
  const tail = await server.fetch('/v1/tail')
  await tail.body!.cancel()
  const range = await server.fetch('/v1/export')
  await range.text()
}

async function metricsOf(server: TestServer): Promise<string> {
  return (await server.fetch('/metrics', { token: '' })).text()
}

function namesIn(metrics: string): ReadonlySet<string> {
  return new Set(
    metrics
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => /^[a-z0-9_]+/.exec(line)![0]),
  )
}

/** What promtool has to say about names, types and help texts. */
function lint(metrics: string): Promise<string> {
  return new Promise((tell, reject) => {
    const child = spawn('promtool', ['check', 'metrics'])
    let told = ''
    child.stdout.on('data', (text) => (told += String(text)))
    child.stderr.on('data', (text) => (told += String(text)))
    child.once('error', reject)
    child.once('close', () => tell(told))
    child.stdin.end(metrics)
  })
}

/** Two more scrapes, so that rates are known. */
async function untilScraped(prometheus: Prometheus): Promise<void> {
  const count = async (): Promise<number> => {
    const query = 'count_over_time(up{job="trailproof"}[1m])'
    const { result } = await prometheus.get<{ result: { value: [number, string] }[] }>('/api/v1/query', {
      query,
    })
    return Number(result[0]?.value[1] ?? 0)
  }
  const before = await count()
  await expect.poll(count, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(before + 3)
}

/** The alerts that are pending or firing. */
async function alerting(prometheus: Prometheus): Promise<string[]> {
  const { alerts } = await prometheus.get<{ alerts: { labels: { alertname: string } }[] }>('/api/v1/alerts')
  return alerts.map(({ labels }) => labels.alertname)
}
