/** Sections of the administration, and what one must be allowed to see each. */

export interface Section {
  /** As it stands in the address. */
  readonly name: string
  readonly title: string
  /** Any of these permissions shows it. */
  readonly needs: readonly string[]
}

export const SECTIONS: readonly Section[] = [{ name: 'keys', title: 'API keys', needs: ['manage-keys'] }]
