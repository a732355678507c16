/**
 * Pages by address. What is asked stands behind the # of an address: browsers never send that part, so no proxy's log has it, and the
 * pages work below any path without the server's knowing (docs/adr/0016-pages-behind-the-hash.md).
 */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  parseSearchWith,
  stringifySearchWith,
} from '@tanstack/react-router'
import { readHistory } from '../history/history-state.ts'
import { Empty } from '../parts/states.tsx'
import { SearchPage } from '../search/search-page.tsx'
import { readSearch, type SearchState, writeSearch } from '../search/search-state.ts'
import { Shell } from './shell.tsx'

const root = createRootRoute({
  component: function RootRoute() {
    const { ledger } = root.useSearch()
    const navigate = root.useNavigate()
    return (
      <Shell
        ledger={ledger ?? ''}
        // What was asked of one ledger is asked of another; its records are not there.
        onLedger={(name) =>
          void navigate({ to: '.', search: (given) => ({ ...given, ledger: name, record: undefined }) })
        }
      >
        <Outlet />
      </Shell>
    )
  },
  validateSearch: ({ ledger }: Record<string, unknown>): { ledger?: string } =>
    typeof ledger === 'string' ? { ledger } : {},
  notFoundComponent: () => <Empty title="There is no such page" />,
})

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
    return <SearchPage state={state} onChange={change} />
  },
})

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  validateSearch: readHistory,
  component: lazyRouteComponent(() => import('../history/history-page.tsx')),
})

const ledger = createRoute({
  getParentRoute: () => root,
  path: '/ledger',
  component: lazyRouteComponent(() => import('../ledger/ledger-page.tsx')),
})

const verify = createRoute({
  getParentRoute: () => root,
  path: '/verify',
  component: lazyRouteComponent(() => import('../verify/verify-page.tsx')),
})

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('../account/account-page.tsx')),
})

/** Sections of the administration, each with an address of its own. */
const admin = createRoute({
  getParentRoute: () => root,
  path: '/admin/$section',
  component: lazyRouteComponent(() => import('../admin/admin-page.tsx')),
})

/** Texts as they are, not as JSON: `?q=action:a` can be typed. */
const text = (value: unknown): string => String(value)

export const router = createRouter({
  routeTree: root.addChildren([search, history, ledger, verify, account, admin]),
  history: createHashHistory(),
  parseSearch: parseSearchWith((value) => value),
  stringifySearch: stringifySearchWith(text),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
