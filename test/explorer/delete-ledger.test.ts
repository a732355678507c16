/** Deleting a ledger as people ask for it: in a real Chromium. */
import { expect, test } from 'vitest'
import { keyOfAnother } from '../support/another-person.ts'
import { tokenFor } from '../support/api-key.ts'
import { testServer } from '../support/test-server.ts'
import { open, signIn, VIEWPORTS, violations } from './pages.ts'

interface Asked {
  readonly id: string
  readonly digest: string
}

test('a ledger is deleted once its name is typed and somebody else approves, and says that it was', async () => {
  const server = await testServer({ approvals: 'two' })
  const other = await keyOfAnother(server)
  await server.post('/v1/ledgers', { name: 'shop' })
  await server.post('/v1/events?ledger=shop&wait=index', { action: 'order.placed' })
  const { page, complaints } = await open(server, {}, '#/admin/ledgers')
  await signIn(page)
  const row = page
    .getByRole('table', { name: 'Ledgers' })
    .getByRole('row')
    .filter({ hasText: 'shop' })
    .first()
  await page.getByRole('button', { name: 'Delete: shop', exact: true }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByLabel('Authority').fill('contract 12')
  await dialog.getByLabel('Reason').fill('the customer left')
  await dialog.getByLabel('Name of the ledger').fill('main')
  await dialog.getByRole('button', { name: 'Delete it' }).click()
  expect(await dialog.getByLabel('Name of the ledger').evaluate((field) => field.matches(':invalid'))).toBe(
    true,
  )
  for (const [width, height] of VIEWPORTS) {
    await page.setViewportSize({ width, height })
    expect(await violations(page)).toEqual([])
  }
  await dialog.getByLabel('Name of the ledger').fill('shop')
  await dialog.getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('Asked, not done.').waitFor()
  expect(await server.get('/v1/ledgers/shop')).toMatchObject({ state: { kind: 'open' } })

  const { approvals } = await server.get<{ approvals: Asked[] }>('/v1/approvals')
  const { id, digest } = approvals[0]!
  const approved = await server.fetch(`/v1/approvals/${id}/approve`, {
    method: 'POST',
    token: other,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'looked at it', digest }),
  })
  expect(approved.status).toBe(200)
  await page.reload()
  await row.getByText('deleted').first().waitFor()
  expect(await page.getByRole('button', { name: 'Delete: shop', exact: true }).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Delete: main.access', exact: true }).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Delete: main', exact: true }).count()).toBe(1)
  await row.getByRole('link', { name: 'shop' }).click()
  await page.getByText('Deletion of the ledger').waitFor()
  await page.getByText('– deleted: all but its own records is erased').waitFor()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
})

test('whoever may delete none is not asked whether to', async () => {
  const server = await testServer()
  const { page } = await open(server, {}, '#/admin/ledgers')
  await signIn(page, await tokenFor(server, { roles: ['admin'] }))
  await page.getByRole('button', { name: 'Rebuild the index: main', exact: true }).waitFor()
  expect(await page.getByRole('button', { name: /^Delete/ }).count()).toBe(0)
})
