import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const version = readFileSync('VERSION', 'utf8').trim()
const manifest = (path: string) =>
  JSON.parse(readFileSync(path, 'utf8')) as { version: string; dependencies?: Record<string, string> }

test.each(readdirSync('packages'))('packages/%s carries the version in VERSION', (name) => {
  const { version: own, dependencies = {} } = manifest(`packages/${name}/package.json`)
  const ours = Object.entries(dependencies).filter(([dependency]) => dependency.startsWith('@trailproof/'))
  expect([own, ...ours.map(([, range]) => range)]).toEqual([version, ...ours.map(() => version)])
})
