/** `trailproof demo` against a server: what it records is whole, can be found, and is intact. */
import { describe, expect, test } from 'vitest'
import { run } from './command.ts'
import { commandLine } from './running-server.ts'

describe('trailproof demo', () => {
  test('fills a ledger, says where the incident is, and records the same shop once', async () => {
    const cli = await commandLine()
    const shop = ['demo', '--records', '600', '--seed', '7', '--until', '2026-11-22T12:00:00Z']
    const { code, stdout } = await cli.run(shop)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^600 recorded in /)
    expect(stdout).toContain(`${cli.server.url}/#/?q=source.ip%3A203.0.113.66&last=`)
    const [, query] = /--oldest '(.*)'/.exec(stdout)!
    const found = await cli.json<{ action: string; outcome: string }>(['search', '--all', '--oldest', query!])
    const actions = found.map(({ action, outcome }) => `${action} ${outcome}`)
    expect(actions).toContain('auth.login success')
    expect(actions.filter((action) => action === 'auth.login failure').length).toBe(14)
    expect(actions.filter((action) => action === 'payment.refunded success').length).toBe(8)

    const [again] = await cli.json(shop)
    expect(again).toMatchObject({ records: 600, recorded: 0, duplicate: 600, seed: 7 })
    const verified = await cli.run(['verify', cli.server.url])
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('intact') as string })
  })

  test('live, goes on until Ctrl-C and then says what it did', async () => {
    const cli = await commandLine()
    const live = cli.start(['demo', '--live', '--rate', '50', '--seed', '1'])
    await live.waitFor(/Ctrl-C ends it/)
    await expect
      .poll(async () => (await cli.server.get<{ size: number }>('/v1/ledgers/main')).size, {
        timeout: 20_000,
      })
      .toBeGreaterThan(10)
    live.child.kill('SIGINT')
    const { code, stdout } = await live.finished
    expect(code).toBe(0)
    expect(stdout).toMatch(/\d+ recorded in /)
    const [bounded] = await cli.json(['demo', '--live', '--for', '1s', '--rate', '20'])
    expect(bounded!['recorded']).toBeGreaterThan(5)
  })

  test('a key that may not record and a server that is away are told plainly', async () => {
    const cli = await commandLine()
    const [made] = await cli.json<{ token: string }>(['key', 'create', 'reader', '--role', 'viewer'])
    expect(await cli.run(['demo', '--token', made!.token])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('has no permission record') as string,
    })
    const wrong = await cli.run(['demo', '--over', 'yesterday'])
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('24h') as string })
    expect((await cli.run(['demo', '--records', '3'])).code).toBe(2)
    expect(await run(['demo', '--url', 'http://127.0.0.1:9'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('is the server running?') as string,
    })
  })
})
