/** Asking by hand: conditions, values of fields, columns, saved searches, tables. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { open, records, rows, shop, signIn, violations } from './pages.ts'

const query = (page: Page) => page.getByLabel('Query')

test('conditions are taken out and turned around one by one, and the text says the same', async () => {
  const { page, complaints } = await open(await shop(), {}, '#/?q=outcome:failure service:auth&last=')
  await signIn(page)
  await page.getByRole('button', { name: 'Leave out instead: service:auth' }).click()
  await expect.poll(() => query(page).inputValue()).toBe('outcome:failure -service:auth')
  await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe('61')
  await page.getByRole('button', { name: 'Take out: outcome:failure' }).click()
  await expect.poll(() => query(page).inputValue()).toBe('-service:auth')
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
})

test('of the values of a field one is asked for alone, or another beside it', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  const values = page.getByRole('region', { name: 'outcome' })
  await values.getByTitle('Only outcome:failure').click()
  await expect.poll(() => query(page).inputValue()).toBe('outcome:failure')
  await values.getByTitle('Also outcome:denied').click()
  await expect.poll(() => query(page).inputValue()).toBe('outcome:(failure,denied)')
  await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe('201')
  await values.getByTitle('Only outcome:denied').click()
  await expect.poll(() => query(page).inputValue()).toBe('outcome:denied')
})

test('fields of values are chosen, kept at the top, and are there again next time', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  await page.getByLabel('Another field …').fill('actor.id')
  await page.getByLabel('Another field …').press('Enter')
  const field = page.getByRole('region', { name: 'actor.id' })
  await field.getByTitle('Only actor.id:u-3').waitFor()
  await field.getByLabel('Keep actor.id at the top').click()
  await page.reload()
  const first = page.getByRole('navigation', { name: 'Values of fields' }).getByRole('region').first()
  await expect.poll(() => first.getAttribute('aria-label')).toBe('actor.id')
})

test('columns are chosen and kept, and what is asked for is marked in them', async () => {
  const { page } = await open(await shop(), {}, '#/?q=step&last=')
  await signIn(page)
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByLabel('Remove the column message').click()
  await page.getByLabel('Columns').getByLabel('Another field …').fill('environment')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  const heads = records(page).getByRole('columnheader')
  await expect.poll(() => heads.allTextContents()).toContain('environment')
  expect(await heads.allTextContents()).not.toContain('Message')
  await page.goto(`${page.url().split('#')[0]}#/?q=environment:production&last=`)
  await page.reload()
  await expect.poll(() => rows(page).first().locator('mark').textContent()).toBe('production')
})

test('a value is asked for by a click in the list', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  const cell = rows(page).first().locator('[data-column=service]')
  const service = await cell.textContent()
  await cell.hover()
  await page.getByTitle(`Without service:${service}`).last().click()
  await expect.poll(() => query(page).inputValue()).toBe(`-service:${service}`)
  await expect.poll(() => cell.textContent()).not.toBe(service)
})

test('a search is saved for every reader, found by another, and deleted', async () => {
  const server = await shop()
  const { page } = await open(server, {}, '#/?q=outcome:denied&last=')
  await signIn(page)
  await page.getByRole('button', { name: 'Saved' }).click()
  await page.getByText('No search is saved yet').waitFor()
  await page.getByLabel('Save this query as').fill('refused')
  await page.getByLabel('for every reader of the ledger').check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'refused shared' }).waitFor()
  expect(await violations(page)).toEqual([])

  const made = await server.post('/v1/keys', { name: 'reader', roles: ['viewer'] })
  const { page: other } = await open(server)
  await signIn(other, made.body['token'] as string)
  await other.getByRole('button', { name: 'Saved' }).click()
  await other.getByRole('button', { name: 'refused shared' }).click()
  await expect.poll(() => query(other).inputValue()).toBe('outcome:denied')

  await page.getByLabel('Delete refused').click()
  await page.getByText('No search is saved yet').waitFor()
})

test('a query that counts shows a table, and its rows lead to their records', async () => {
  const { page, complaints } = await open(await shop(), {}, '#/?q=outcome:failure | count by service&last=')
  await signIn(page)
  const row = page.getByRole('row', { name: 'order' })
  await row.waitFor()
  expect(await violations(page)).toEqual([])
  await row.getByRole('button').click()
  await expect.poll(() => query(page).inputValue()).toBe('outcome:failure service:order')
  await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe('61')
  expect(complaints).toEqual([])
})

test('on a narrow screen the values of fields are shown instead of the list', async () => {
  const { page } = await open(await shop(), { viewport: { width: 390, height: 844 } })
  await signIn(page)
  await records(page).waitFor()
  await page.getByRole('button', { name: 'Values' }).click()
  await page.getByTitle('Only outcome:denied').click()
  await page.getByRole('button', { name: 'Values' }).click()
  await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe('121')
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
})
