import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs a function outside of any request: timers and connections of ours that start in the middle of one must neither
 * keep its context alive nor be taken for its work. The context is that of loading this module.
 */
export const outsideRequests: <T>(call: () => T) => T = AsyncLocalStorage.snapshot()
