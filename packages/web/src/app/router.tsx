/**
 * Pages by address. What is asked stands behind the # of an address: browsers never send that part, so no proxy's log has it, and the
 * pages work below any path without the server's knowing (docs/adr/0016-pages-behind-the-hash.md).
 */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  parseSearchWith,
  stringifySearchWith,
} from '@tanstack/react-router'
import { SearchPage } from '../search/search-page.tsx'
import { readSearch, type SearchState, writeSearch } from '../search/search-state.ts'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Outlet })

const search = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: (given: Record<string, unknown>): Partial<SearchState> => writeSearch(readSearch(given)),
  component: function SearchRoute() {
    const state = readSearch(search.useSearch())
    const navigate = search.useNavigate()
    const change = (changed: Partial<SearchState>): void => {
      const next = { ...state, ...changed }
      // Going from record to record is no way that one wants to go back step by step.
      const isStep = Object.keys(changed).every((name) => name === 'record') && state.record !== ''
      void navigate({ search: writeSearch(next), replace: isStep }) // it ends with the page shown
    }
    return (
      <Shell ledger={state.ledger} onLedger={(ledger) => change({ ledger, record: '' })}>
        <SearchPage state={state} onChange={change} />
      </Shell>
    )
  },
})

/** Texts as they are, not as JSON: `?q=action:a` can be typed. */
const text = (value: unknown): string => String(value)

export const router = createRouter({
  routeTree: root.addChildren([search]),
  history: createHashHistory(),
  parseSearch: parseSearchWith((value) => value),
  stringifySearch: stringifySearchWith(text),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
