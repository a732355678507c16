/** Keys, and the palette that finds what can be done. */
import { expect, test } from 'vitest'
import { open, records, rows, shop, signIn, violations } from './pages.ts'

test('one goes through the page by keys, and a map tells them', async () => {
  const { page, complaints } = await open(await shop())
  await signIn(page)
  await records(page).waitFor()
  await rows(page).first().waitFor()
  const { keyboard } = page
  await keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).getByText('Choose the time').waitFor()
  expect(await violations(page)).toEqual([])
  await keyboard.press('j') // belongs to nobody while something is open
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await page.getByRole('tab').count()).toBe(0)
  await keyboard.press('j')
  await page.getByRole('tab', { name: 'Overview' }).waitFor()
  const first = await rows(page).first().getAttribute('aria-selected')
  expect(first).toBe('true')
  await keyboard.press('j')
  await expect.poll(() => rows(page).nth(1).getAttribute('aria-selected')).toBe('true')
  await keyboard.press('k')
  await expect.poll(() => rows(page).first().getAttribute('aria-selected')).toBe('true')
  await keyboard.press('/')
  await keyboard.type('jd')
  expect(await page.getByLabel('Query').inputValue()).toBe('jd')
  expect(complaints).toEqual([])
})

test('the palette does what is typed, or searches for it', async () => {
  const { page } = await open(await shop(), { viewport: { width: 390, height: 844 } })
  await signIn(page)
  await records(page).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog', { name: 'What to do' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.keyboard.type('verify')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Verify an export' }).waitFor()
  await page.getByRole('button', { name: 'Commands' }).click()
  await page.getByLabel('Command', { exact: true }).fill('payout')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.getByLabel('Query').inputValue()).toBe('payout')
  await expect.poll(() => rows(page).count()).toBe(1)
})
