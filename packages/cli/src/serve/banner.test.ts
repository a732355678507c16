import { expect, test } from 'vitest'
import { bannerText, type Started } from './banner.ts'

const alone: Started = {
  url: 'http://127.0.0.1:4000',
  settings: {
    data: './data',
    keys: './keys',
    database: '',
    lock_database: '',
    intake: 'direct',
    search_index: '',
    cache: '',
    roles: 'all',
  },
  ledgers: [{ name: 'main', size: 3 }],
  newAdminToken: undefined,
}
const plain = (_: unknown, text: string): string => text

test('one server says where its data is, and nothing of others', () => {
  expect(bannerText(alone, '1.0.0', plain)).toBe(`
  Trailproof 1.0.0

  url      http://127.0.0.1:4000
  docs     http://127.0.0.1:4000/docs
  data     ./data
  keys     ./keys (keep them on another disk than the data)
  ledgers  main (3)

`)
})

test('one of several says what it shares and does, without passwords', () => {
  const settings = {
    ...alone.settings,
    database: 'postgres://us/er:pa@ss@db:5432,db2:5432/trailproof?sslmode=require',
    intake: 'kafkas://k:sec@ret@k1:9092/topic?mechanism=PLAIN',
    roles: 'receiver',
  }
  const text = bannerText({ ...alone, settings }, '1.0.0', plain)
  expect(text).toContain('  intake   kafkas://k1:9092/topic\n')
  expect(text).toContain('  roles    receiver\n')
  expect(text).not.toMatch(/pa@ss|sec@ret|er:pa|sslmode|locks|cache/)
})
