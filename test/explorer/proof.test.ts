/** Seals on lists and exports, judged in the browser. */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { open, records, rows, shop, signIn, violations } from './pages.ts'

const WHY = { authority: 'GDPR Art. 17', reason: 'asked in writing' }
const NOWHERE = '00000000-0000-7000-8000-000000000001'

const verdict = (page: Page) => page.getByLabel('Verdict').getAttribute('data-verdict')

test('a whole list is proved at once, and the evidence can be taken away', async () => {
  const { page, complaints } = await open(await shop(), {}, '#/?q=outcome:denied&last=')
  await signIn(page)
  await records(page).waitFor()
  await page.getByRole('button', { name: 'Prove' }).click()
  await page.getByText('each of the 120 records stands in its place').waitFor()
  await page.getByText('what is shown here is what was proved').waitFor()
  expect(await verdict(page)).toBe('intact')
  expect(await violations(page)).toEqual([])
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download the evidence' }).click()
  expect((await downloading).suggestedFilename()).toMatch(/^main-\d+-\d+\.ndjson$/)
  expect(complaints).toEqual([])
})

test('a list in which one record is shown otherwise than it was recorded is broken, and the record named', async () => {
  const { page } = await open(await shop(), {}, '#/?q=outcome:denied&last=')
  await page.route('**/v1/search?*', async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { records: { index: number; actor: { name: string } }[] }
    body.records[7]!.actor.name = 'Somebody else'
    await route.fulfill({ response, json: body })
  })
  await signIn(page)
  await page.getByText('Somebody else').waitFor()
  await page.getByRole('button', { name: 'Prove' }).click()
  await page
    .getByRole('alert')
    .getByText(/entry \d+ is shown otherwise than the ledger holds it: actor/)
    .waitFor()
  expect(await verdict(page)).toBe('broken')
})

test('what does not match any more, as it was erased since, is no sign that the list is broken', async () => {
  const server = await shop()
  const { page } = await open(server, {}, '#/?q=actor.id:u-elif OR outcome:denied&last=')
  await signIn(page)
  await rows(page).first().waitFor()
  await server.post('/v1/erasures/subject', { subject: { id: 'u-elif' }, ...WHY })
  await page.getByRole('button', { name: 'Prove' }).click()
  await page.getByText('of entry 270 what is shown as').first().waitFor()
  expect(await verdict(page)).toBe('unproven')
})

test('while another tab sees the ledger grow, a proof of what it was a moment ago is no step back', async () => {
  const server = await shop()
  const { page } = await open(server, {}, '#/?q=outcome:denied&last=')
  await signIn(page)
  await rows(page).first().waitFor()
  const other = await page.context().newPage()
  await other.goto(`${server.url}/#/ledger`)
  await signIn(other)
  // The answer to the first tab is on its way while the ledger grows, and the second tab looks at it.
  await page.route('**/v1/export?*', async (route) => {
    const response = await route.fetch()
    await server.post('/v1/events?wait=index', { action: 'order.placed' })
    await other.getByRole('button', { name: 'Check again' }).click()
    await other.getByText('a checkpoint of 601 entries is signed').waitFor()
    await route.fulfill({ response })
  })
  await page.getByRole('button', { name: 'Prove' }).click()
  await page.getByText('each of the 120 records stands in its place').waitFor()
  expect(await verdict(page)).toBe('intact')
})

test('a record that was made up is broken, in a place where there is none and in that of another', async () => {
  const server = await shop()
  for (const offset of [1, 10_000]) {
    const { page } = await open(server, {}, '#/?q=outcome:denied&last=')
    await page.route('**/v1/search?*', async (route) => {
      const response = await route.fetch()
      const body = (await response.json()) as { records: { index: number; id: string }[] }
      const [first, second] = body.records
      body.records[0] = { ...first!, index: second!.index + offset, id: NOWHERE }
      await route.fulfill({ response, json: body })
    })
    await signIn(page)
    await records(page).waitFor()
    await page.getByRole('button', { name: 'Prove' }).click()
    await page.getByRole('alert').waitFor()
    // Beyond its end, the server has no entry to prove.
    if (offset === 1) expect(await verdict(page)).toBe('broken')
    else expect(await page.getByText('Proved', { exact: true }).count()).toBe(0)
  }
})

test('an export is proved as it is taken, and a changed copy of it is found out', async () => {
  const { page, complaints } = await open(await shop(), { viewport: { width: 390, height: 844 } })
  await signIn(page)
  await records(page).waitFor()
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('button', { name: 'Take it' }).click()
  await page.getByText('no entry of the range is missing').waitFor()
  expect(await verdict(page)).toBe('intact')
  expect(await violations(page)).toEqual([])
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Save main.ndjson' }).click()
  const text = readFileSync(await (await downloading).path(), 'utf8')
  await page.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('link', { name: 'Verify' }).click()
  await page.getByLabel('The file').setInputFiles(fileOf(text))
  await page.getByText('no entry of the range is missing').waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByLabel('The file').setInputFiles(fileOf(text.replace('Elif changed', 'Ella changed')))
  await page.getByRole('alert').getByText('(entry 270)').waitFor()
  expect(await verdict(page)).toBe('broken')
  expect(complaints).toEqual([])
})

test('a changed file of the same name and time as one that was proved is judged by itself', async () => {
  const server = await shop()
  const { page } = await open(server, {}, '#/verify')
  await signIn(page)
  const text = await (await server.fetch('/v1/export?ledger=main')).text()
  await page.getByLabel('The file').setInputFiles(written(text))
  await page.getByText('no entry of the range is missing').waitFor()
  await page.getByLabel('The file').setInputFiles(written(text.replace('Elif changed', 'Ella changed')))
  await page.getByRole('alert').getByText('(entry 270)').waitFor()
  expect(await verdict(page)).toBe('broken')
})

/** In a folder of its own, always of the same name and time. */
function written(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'trailproof-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'main.ndjson')
  writeFileSync(file, content)
  utimesSync(file, 1_000, 1_000)
  return file
}

function fileOf(text: string) {
  return { name: 'main.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(text) }
}

test('who sees personal data masked sees no broken seal, on a record or on a list', async () => {
  const server = await shop()
  const made = await server.post('/v1/keys', { name: 'auditor', roles: ['auditor'] })
  const { page, complaints } = await open(server, {}, '#/?q=outcome:denied&last=')
  await signIn(page, made.body['token'] as string)
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByText('the personal group, which is not for you to see').waitFor()
  expect(await verdict(page)).toBe('intact')
  expect(await page.getByRole('alert').count()).toBe(0)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Prove' }).click()
  await page.getByText('each of the 120 records stands in its place').waitFor()
  expect(await verdict(page)).not.toBe('broken')
  expect(complaints).toEqual([])
})

test('of a record that was erased the proof says what is lacking, and is not broken', async () => {
  const server = await shop()
  const { records: found } = await server.get<{ records: { id: string }[] }>('/v1/search?q=iban')
  const erasure = { ledger: 'main', ids: [found[0]!.id], authority: 'anna', reason: 'asked for' }
  expect((await server.post('/v1/erasures', erasure)).status).toBeLessThan(300)
  const { page, complaints } = await open(server, {}, '#/?q=action:payout_account.changed&last=')
  await signIn(page)
  await rows(page).first().click()
  await page.getByText('Personal data of this record was erased').waitFor()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByText('the personal group, which was erased').waitFor()
  expect(await verdict(page)).toBe('intact')
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
})
