/** Hands evidence to the worker that judges it. */
import type { JudgeAnswer, Judged } from './judge-worker.ts'
import type { Judgement } from './judgement.ts'

let worker: Worker | undefined
let calls = 0
const waiting = new Map<number, (judgement: Judgement) => void>()

export function judge(judged: Judged): Promise<Judgement> {
  worker ??= start()
  const id = calls++
  const { promise, resolve } = Promise.withResolvers<Judgement>()
  waiting.set(id, resolve)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  worker.postMessage({ id, judged })
  return promise
}

function start(): Worker {
  const started = new Worker(new URL('./judge-worker.ts', import.meta.url), { type: 'module' })
  started.addEventListener('message', ({ data: { id, judgement } }: MessageEvent<JudgeAnswer>) => {
    waiting.get(id)?.(judgement)
    waiting.delete(id)
  })
  return started
}
