/** Seals on lists and exports, judged in the browser. */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { open, records, shop, signIn, violations } from './pages.ts'

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
  const written = (content: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'trailproof-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'main.ndjson')
    writeFileSync(file, content)
    utimesSync(file, 1_000, 1_000)
    return file
  }
  const { page } = await open(server, {}, '#/verify')
  await signIn(page)
  const text = await (await server.fetch('/v1/export?ledger=main')).text()
  await page.getByLabel('The file').setInputFiles(written(text))
  await page.getByText('no entry of the range is missing').waitFor()
  await page.getByLabel('The file').setInputFiles(written(text.replace('Elif changed', 'Ella changed')))
  await page.getByRole('alert').getByText('(entry 270)').waitFor()
  expect(await verdict(page)).toBe('broken')
})

function fileOf(text: string) {
  return { name: 'main.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(text) }
}
