import { expect, test } from 'vitest'
import { APPROVAL_STATES, type ApprovalEvent, isSettled, nextState } from './approval-state.ts'

test.each<[ApprovalEvent, readonly string[]]>([
  ['approve', ['asked']],
  ['reject', ['asked']],
  ['withdraw', ['asked']],
  ['expire', ['asked']],
  ['finish', ['approved']],
  ['fail', ['approved']],
])('%s is possible of what is %j, and of nothing else', (event, states) => {
  expect(APPROVAL_STATES.filter((state) => nextState(state, event) !== undefined)).toEqual(states)
})

test('whatever is neither asked nor approved is settled', () => {
  expect(APPROVAL_STATES.filter((state) => !isSettled(state))).toEqual(['asked', 'approved'])
})
