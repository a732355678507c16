/** In which zone times are shown; what is copied is always UTC. */
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'

export interface Zone {
  /** An IANA name. */
  readonly name: string
  readonly use: (name: string) => void
}

const KEY = 'trailproof.zone'
const ZoneContext = createContext<Zone>({ name: 'UTC', use: () => undefined })

export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The IANA name that is meant, in its own case; undefined for what is none. */
export function zoneOf(text: string): string | undefined {
  try {
    Intl.DateTimeFormat('en', { timeZone: text })
  } catch {
    return undefined
  }
  // Not as it is resolved: that may be another name of the zone, from before a city was called otherwise.
  return Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase() === text.toLowerCase()) ?? text
}

export function ZoneProvider({ children }: { readonly children: ReactNode }) {
  const [name, setName] = useState(() => zoneOf(localStorage.getItem(KEY) ?? '') ?? localZone())
  const zone = useMemo(
    () => ({
      name,
      use: (chosen: string) => {
        localStorage.setItem(KEY, chosen)
        setName(chosen)
      },
    }),
    [name],
  )
  return <ZoneContext value={zone}>{children}</ZoneContext>
}

export function useZone(): Zone {
  return useContext(ZoneContext)
}
