/** What is published works on its own: packed, installed in an empty folder, run from there. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

/** For npx: what was installed, nothing from a registry. */
const COMMAND = ['--no-install', 'trailproof']
const PACKAGES = ['core', 'verify', 'sdk', 'viewer', 'server', 'cli']
const execute = promisify(execFile)
/** npm and npx run the Node that runs this test. */
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  npm_config_loglevel: 'error',
  npm_config_prefer_offline: 'true',
}

function npm(args: readonly string[], cwd: string): Promise<{ stdout: string }> {
  return execute('npm', args, { cwd, env, maxBuffer: 2 ** 26 })
}

test('the packed packages install in an empty folder, serve, record and verify', {
  timeout: 600_000,
}, async () => {
  await npm(['run', 'build'], '.')
  const folder = mkdtempSync(join(tmpdir(), 'trailproof-packaging-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of PACKAGES) await npm(['pack', '--pack-destination', folder], join('packages', name))
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  expect(tarballs).toHaveLength(PACKAGES.length)
  writeFileSync(join(folder, 'package.json'), '{"name":"empty","private":true}')
  await npm(['install', ...tarballs.map((name) => `./${name}`)], folder)

  // Workers start from dist: nothing of the sources' conditions is set here.
  const token = 'a-token-of-the-packaging-test'
  const server = spawn('npx', [...COMMAND, 'serve', '--port', '0', '--disk-reserve-mib', '1'], {
    cwd: folder,
    env: { ...env, TRAILPROOF_ADMIN_TOKEN: token },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    try {
      process.kill(-server.pid!, 'SIGKILL')
    } catch {
      // The group is gone, as it should be.
    }
  })
  const url = await urlShown(server.stdout)
  const client = { cwd: folder, env: { ...env, TRAILPROOF_URL: url, TRAILPROOF_TOKEN: token } }
  const trailproof = (...args: string[]) => execute('npx', [...COMMAND, ...args], client)

  const page = await fetch(url)
  expect(page.headers.get('content-type')).toContain('text/html')
  expect(await page.text()).toContain('<title>Trailproof</title>')

  const sent = await fetch(`${url}/v1/events?wait=index`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: '{"action":"package.installed"}',
  })
  expect(sent.status).toBe(200)
  expect((await trailproof('search', '--json')).stdout).toMatch(/package\.installed/)
  expect((await trailproof('verify', 'trailproof-data')).stdout).toMatch(/^intact {2}ledger main, 1 entry/)

  // To the whole group, as a terminal does it: npx passes no signal on. Its output ends with the server itself.
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()))
  process.kill(-server.pid!, 'SIGTERM')
  await ended
  expect((await trailproof('verify', 'trailproof-data')).stdout).toMatch(/^intact {2}ledger main, 1 entry/)
})

function urlShown(output: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    output.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const [, url] = /url +(http:\S+)/.exec(text) ?? []
      if (url !== undefined) resolve(url)
    })
    output.on('end', () => reject(new Error(`the server ended before it listened:\n${text}`)))
  })
}
