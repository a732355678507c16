/** Where keys and documents of issuers come from: over https, or from this machine. */
import { isLoopback } from '../api/site.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** Who can change what comes over the network could make any token good. */
export function assertTrustworthy(setting: string, text: string): URL {
  const url = URL.parse(text)
  const isOfTheNetwork = url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
  if (!isOfTheNetwork)
    throw new TrailproofError('BAD_SETTING', `${setting}: expected a URL such as https://id.example.com`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new TrailproofError('BAD_SETTING', `${setting}: http is for this machine alone; give an https URL`)
  return url
}
