/** Hands evidence to the worker that judges it. */
import { PageProblem } from '../api/problem.ts'
import type { JudgeAnswer, Judged } from './judge-worker.ts'
import type { Judgement } from './judgement.ts'

let worker: Worker | undefined
let calls = 0
const waiting = new Map<number, PromiseWithResolvers<Judgement>>()

/** Rejects when it cannot be judged at all. */
export function judge(judged: Judged): Promise<Judgement> {
  worker ??= start()
  const id = calls++
  const answer = Promise.withResolvers<Judgement>()
  waiting.set(id, answer)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  worker.postMessage({ id, judged })
  return answer.promise
}

function start(): Worker {
  const started = new Worker(new URL('./judge-worker.ts', import.meta.url), { type: 'module' })
  started.addEventListener('message', ({ data: { id, judgement } }: MessageEvent<JudgeAnswer>) => {
    const answer = waiting.get(id)
    waiting.delete(id)
    if (judgement === undefined) answer?.reject(new PageProblem('the evidence could not be judged here'))
    else answer?.resolve(judgement)
  })
  return started
}
