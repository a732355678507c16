/** `trailproof trace <trace_id>`: what led to what, across services, as a tree with a time line beside it. */
import { instantMs } from '@trailproof/core/query'
import type { TrailAnswer, TreeNodeAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { type Paint, painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatDuration } from '../terminal/progress.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { paintOutcome } from './record-line.ts'

export function traceCommand(context: Context) {
  return readingCommand('trace', 'show all records of one trace as a tree of what led to what')
    .argument('<trace_id>', 'as records carry it; search shows it with: | fields trace_id')
    .action((traceId, options) => showTrace(traceId, options, context))
}

/** A record, with what stands before it in the tree. */
interface Branch {
  readonly node: TreeNodeAnswer
  readonly lines: string
}

async function showTrace(traceId: string, options: ClientOptions, context: Context): Promise<void> {
  const trail = await clientOf(options, context).json<TrailAnswer>(
    `/v1/trails/${encodeURIComponent(traceId)}`,
    { query: { ledger: options.ledger } },
  )
  if (options.json) return printJson(context, trail)
  const branches = branchesOf(trail.tree)
  const span = spanOf(branches)
  const paint = painterOf(context.stdout)
  context.stdout.write(`${titleOf(trail, branches, span, paint)}\n\n`)
  printTable(context, branches, columnsOf(span))
  if (branches.some(({ node }) => node.parent_missing))
    context.stdout.write(paint('dim', '? led here: a record that this ledger does not have\n'))
  if (!trail.complete) context.stdout.write(paint('dim', 'only the first 1,000 records are shown\n'))
}

function branchesOf(tree: readonly TreeNodeAnswer[]): Branch[] {
  const branches: Branch[] = []
  const add = (nodes: readonly TreeNodeAnswer[], above: string, isRoot: boolean): void => {
    for (const [at, node] of nodes.entries()) {
      const isLast = at === nodes.length - 1
      const lines = isRoot ? (node.parent_missing ? '? ' : '') : `${above}${isLast ? '└─ ' : '├─ '}`
      branches.push({ node, lines })
      add(node.children, isRoot ? '' : `${above}${isLast ? '   ' : '│  '}`, false)
    }
  }
  add(tree, '', true)
  return branches
}

interface Span {
  readonly fromMs: number
  readonly ms: number
}

function spanOf(branches: readonly Branch[]): Span {
  const starts = branches.map(({ node }) => startOf(node))
  const fromMs = Math.min(...starts)
  const toMs = Math.max(...branches.map(({ node }, at) => starts[at]! + (node.latency_ms ?? 0)))
  return { fromMs, ms: toMs - fromMs }
}

function startOf({ timestamp }: TreeNodeAnswer): number {
  return instantMs(timestamp) ?? 0
}

function titleOf({ trace_id }: TrailAnswer, branches: readonly Branch[], { ms }: Span, paint: Paint): string {
  const services = new Set(branches.map(({ node }) => node.service)).size
  const failed = branches.filter(({ node }) => node.outcome === 'failure' || node.outcome === 'denied').length
  const parts = [
    `${branches.length} ${branches.length === 1 ? 'record' : 'records'}`,
    `${services} ${services === 1 ? 'service' : 'services'}`,
    formatDuration(ms),
    ...(failed > 0 ? [paint('red', `${failed} not successful`)] : []),
  ]
  return `${paint('bold', `trace ${printable(trace_id)}`)}  ${parts.join(', ')}`
}

const LINE_WIDTH = 24

function columnsOf(span: Span): readonly Column<Branch>[] {
  return [
    {
      title: 'action',
      value: ({ node, lines }) => lines + (node.action ?? node.kind),
      widthMax: 60,
    },
    {
      title: 'service',
      value: ({ node }) => node.service,
      widthMax: 24,
      paint: (text, _, paint) => paint('cyan', text),
    },
    {
      title: 'outcome',
      value: ({ node }) => node.outcome,
      paint: (text, { node }, paint) => paintOutcome(node.outcome, text, paint),
    },
    {
      title: 'start',
      value: ({ node }) => `+${formatDuration(startOf(node) - span.fromMs)}`,
      align: 'right',
    },
    {
      title: 'took',
      value: ({ node }) => (typeof node.latency_ms === 'number' ? formatDuration(node.latency_ms) : ''),
      align: 'right',
    },
    {
      title: '',
      value: ({ node }) => timeLine(node, span),
      paint: (text, { node }, paint) => paintOutcome(node.outcome, text, paint),
    },
    { title: 'id', value: ({ node }) => node.id, paint: (text, _, paint) => paint('dim', text) },
  ]
}

/** Where in the whole time a record has its own: `  ━━━━   `, a dot for one without a duration. */
function timeLine(node: TreeNodeAnswer, { fromMs, ms }: Span): string {
  const scale = ms === 0 ? 0 : LINE_WIDTH / ms
  const start = Math.min(LINE_WIDTH - 1, Math.floor((startOf(node) - fromMs) * scale))
  const width = Math.min(LINE_WIDTH - start, Math.max(1, Math.round((node.latency_ms ?? 0) * scale)))
  const mark = typeof node.latency_ms === 'number' ? '━'.repeat(width) : '·'
  return (' '.repeat(start) + mark).padEnd(LINE_WIDTH)
}
