import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, start, temporaryDirectory } from './command.ts'

const URL_SHOWN = /url +(http:\S+)/

function serveIn(directory: string, ...more: string[]) {
  return start(['serve', '--port', '0', '--disk-reserve-mib', '1', ...more], { cwd: directory })
}

describe('trailproof serve', () => {
  test('shows the admin token at the first start and never again', async () => {
    const directory = temporaryDirectory()
    const first = serveIn(directory)
    const [, url] = await first.waitFor(URL_SHOWN)
    const [, token] = await first.waitFor(/shown only now: (tp_\S+)/)
    const authorized = await fetch(`${url}/v1/keys`, { headers: { authorization: `Bearer ${token}` } })
    expect(authorized.status).toBe(200)
    first.child.kill('SIGTERM')
    expect((await first.finished).code).toBe(0)

    const second = serveIn(directory)
    await second.waitFor(/ledgers +main \(0\)/)
    second.child.kill('SIGINT')
    const { code, stdout, stderr } = await second.finished
    expect(code).toBe(0)
    expect(stdout + stderr).not.toMatch(/tp_|token/)
  })

  test('stops gracefully: what was acknowledged is there after the next start', async () => {
    const directory = temporaryDirectory()
    const first = serveIn(directory, '--admin-token', 'a-token-of-16-chars')
    const [, url] = await first.waitFor(URL_SHOWN)
    const headers = { authorization: 'Bearer a-token-of-16-chars' }
    const sent = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: '{"action":"a.b"}' })
    expect(sent.status).toBe(200)
    first.child.kill('SIGTERM')
    expect((await first.finished).code).toBe(0)
    await serveIn(directory).waitFor(/ledgers +main \(1\)/)
  })

  test('ends also when a library has left a timer behind', async () => {
    const left =
      "import { isMainThread } from 'node:worker_threads'; if (isMainThread) setInterval(() => {}, 1000)"
    const server = start(['serve', '--port', '0'], {
      cwd: temporaryDirectory(),
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(left)}` },
    })
    await server.waitFor(URL_SHOWN)
    server.child.kill('SIGTERM')
    expect((await server.finished).code).toBe(0)
  })

  test('a second signal ends it at once, with the code of the signal', async () => {
    const server = serveIn(temporaryDirectory(), '--shutdown-grace-seconds', '600')
    const [, url] = await server.waitFor(URL_SHOWN)
    const { port, hostname } = new URL(url!)
    // A request that does not end keeps a graceful stop waiting.
    const { connect } = await import('node:net')
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write('POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc')
    server.child.kill('SIGTERM')
    await server.waitFor(/a second signal ends at once/)
    server.child.kill('SIGTERM')
    expect((await server.finished).code).toBe(143)
    socket.destroy()
  })

  test.each([
    [['--port', 'http'], /port \(the command line, --port\): expected a whole number/],
    [['--port', '70000'], /port .*65535/],
    [['--admin-token', 'short'], /at least 16 characters/],
    [['--log-level', 'loud'], /log_level \(the command line, --log-level\)/],
    [['--config', 'nowhere.yaml'], /no configuration file nowhere\.yaml/],
    [['--prot', '1'], /unknown option '--prot'/],
  ])('refuses %j with exit code 2 and one plain line', async (flags, said) => {
    const { code, stdout, stderr } = await run(['serve', ...flags])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('names an unknown TRAILPROOF_ variable', async () => {
    const { code, stderr } = await run(['serve'], { env: { TRAILPROOF_PROT: '1' } })
    expect(code).toBe(2)
    expect(stderr).toMatch(/TRAILPROOF_PROT: there is no setting prot/)
  })

  test('says plainly that the port is in use', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    const { port } = blocker.address() as { port: number }
    const { code, stderr } = await run(['serve', '--port', String(port)])
    blocker.close()
    expect(code).toBe(8)
    expect(stderr).toMatch(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use`))
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('refuses a second server on the same data', async () => {
    const directory = temporaryDirectory()
    await serveIn(directory).waitFor(URL_SHOWN)
    const { code, stderr } = await serveIn(directory).finished
    expect(code).toBe(8)
    expect(stderr).toMatch(/in use by another Trailproof server/)
  })

  test('says plainly that a directory cannot be made', async () => {
    const { code, stderr } = await run(['serve', '--port', '0', '--data', join(import.meta.filename, 'x')])
    expect(code).toBe(8)
    expect(stderr).toMatch(/cannot start: .*must be writable/s)
  })
})

test('an unknown command suggests the one that was meant', async () => {
  const { code, stderr } = await run(['sreve'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/unknown command 'sreve'[\s\S]*Did you mean serve/)
})
