/** Sections of the administration, and what one must be allowed to see each. */

interface Section {
  /** As it stands in the address. */
  readonly name: string
  readonly title: string
  /** Any of these permissions shows it. */
  readonly needs: readonly string[]
}

const OVERSEES = [
  'quarantine',
  'erase',
  'manage-keys',
  'manage-roles',
  'make-ledgers',
  'rebuild-index',
  'manage-users',
  'hold',
  'retain',
  'approve',
]

export const SECTIONS = [
  { name: 'overview', title: 'Overview', needs: OVERSEES },
  { name: 'ledgers', title: 'Ledgers', needs: ['make-ledgers', 'rebuild-index'] },
  { name: 'keys', title: 'API keys', needs: ['manage-keys'] },
  { name: 'users', title: 'Users', needs: ['manage-users'] },
  { name: 'roles', title: 'Roles', needs: ['manage-keys'] },
  { name: 'sessions', title: 'Sessions', needs: ['manage-users'] },
  { name: 'approvals', title: 'Approvals', needs: ['approve', 'erase', 'hold', 'retain'] },
  { name: 'erasures', title: 'Erasures', needs: ['erase'] },
  { name: 'holds', title: 'Legal holds', needs: ['hold'] },
  { name: 'retention', title: 'Retention', needs: ['retain'] },
  { name: 'quarantine', title: 'Quarantine', needs: ['quarantine'] },
  { name: 'access', title: 'Access log', needs: ['read-access'] },
] as const satisfies readonly Section[]

export type SectionName = (typeof SECTIONS)[number]['name']
