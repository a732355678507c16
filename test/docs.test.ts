import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { settingsSchema } from '@trailproof/server'
import { expect, test } from 'vitest'

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...markdownIn('docs'),
  ...markdownIn('spec'),
  ...markdownIn('examples'),
]

function markdownIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(directory, name))
}

test('docs/settings.md names every setting with its default and meaning', () => {
  const page = readFileSync('docs/settings.md', 'utf8')
  const settings = Object.entries(settingsSchema.properties) as unknown as [
    string,
    { default: unknown; description: string },
  ][]
  for (const [name, { default: value, description }] of settings) {
    const shown = value === '' ? '' : `\`${String(value)}\``
    expect(page).toContain(`| \`${name}\` | ${shown} | ${description.replaceAll('|', '/')} |`)
  }
})

test.each(pages)('%s links only to what is there', (page) => {
  for (const [, target] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g))
    expect(existsSync(resolve(dirname(page), target!)), `${page} -> ${target}`).toBe(true)
})
