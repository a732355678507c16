/**
 * Measures every figure that has a budget and prints it beside the budget.
 *
 *     npm run bench                    about two minutes, on an empty ledger and one of 200,000 records
 *     npm run bench -- --size 10       the cost curve: figures again at 0, 1 and 10 million records
 *     npm run bench -- --json FILE     keeps the figures
 *
 * Ratios within one run mean something; single figures depend on the machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bytesIn, startBenchServer } from './bench-server.ts'
import { BUDGETS, type Figure, isWithin } from './budgets.ts'
import { measureExport } from './export-figure.ts'
import { grow, measureIngest, measureLag, measureProofs, untilIndexed } from './figures.ts'
import { measureGrpc } from './grpc-figures.ts'
import { measureMachine } from './machine.ts'
import { measureSearch } from './search-figures.ts'
import { measureVerify } from './verify-figure.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '0.2' },
    json: { type: 'string' },
    'lag-seconds': { type: 'string', default: '20' },
  },
})
const sizes = [0, ...[0.2, 1, 10].filter((millions) => millions <= Number(values.size))].map(
  (millions) => millions * 1e6,
)

type Figures = Partial<Record<Figure, number>>
const machine = measureMachine()
console.log(`this machine now: ${JSON.stringify(machine)}`)
const curve: { size: number; figures: Figures }[] = []
const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
try {
  let server = await startBenchServer(root)
  for (const size of sizes) {
    await grow(server, size)
    await untilIndexed(server)
    const figures: Figures = {}
    if (size > 0) {
      await server.stop('SIGTERM')
      const { size: entries } = await sizeOf()
      figures['disk.record'] = bytesIn(join(root, 'data')) / entries
      server = await startBenchServer(root)
      figures['start.ready'] = server.readySeconds
      Object.assign(
        figures,
        await measureSearch(server),
        await measureProofs(server),
        await measureExport(server),
      )
    }
    // The even pace first: after a burst the process keeps the memory that the burst took.
    Object.assign(figures, await measureLag(server, Number(values['lag-seconds'])))
    await untilIndexed(server)
    Object.assign(figures, await measureIngest(server), await measureGrpc(server))
    await untilIndexed(server)
    curve.push({ size, figures })
    print(size, figures)
  }
  const load = grow(server, Infinity).catch(() => undefined) // ends with the server
  await server.stop('SIGKILL')
  await load
  server = await startBenchServer(root)
  const last: Figures = { 'start.recovery': server.readySeconds }
  await server.stop('SIGTERM')
  last['verify.content'] = await measureVerify(root)
  curve.push({ size: -1, figures: last })
  print(-1, last)
} finally {
  rmSync(root, { recursive: true })
}
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), machine, curve }, null, 2)}\n`)
}

async function sizeOf(): Promise<{ size: number }> {
  const { SqliteLedgerReader } = await import('@trailproof/server/ports')
  await using reader = SqliteLedgerReader.open(join(root, 'data', 'ledger.db'))
  return (await reader.ledger('main'))!
}

function print(size: number, figures: Figures): void {
  console.log(size < 0 ? '\nat the end' : `\nledger of ${size.toLocaleString('en')} records`)
  for (const [figure, value] of Object.entries(figures) as [Figure, number][]) {
    const { title, unit, bound } = BUDGETS[figure]
    const shown = value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
    const budget = `${bound[0]} ${bound[1].toLocaleString('en')} ${unit}`
    console.log(
      `  ${title.padEnd(46)} ${`${shown} ${unit}`.padEnd(22)} ${budget.padEnd(22)} ${isWithin(figure, value) ? 'met' : 'MISSED'}`,
    )
  }
}
