/** `<trailproof-viewer>`: importing this module defines the element. */
import { TrailproofViewer } from './viewer-element.ts'

export type { ViewerTexts } from './texts.ts'
export { TrailproofViewer } from './viewer-element.ts'

declare global {
  interface HTMLElementTagNameMap {
    'trailproof-viewer': TrailproofViewer
  }
}

// A page may have it twice, of two bundles: the first counts.
if (customElements.get('trailproof-viewer') === undefined)
  customElements.define('trailproof-viewer', TrailproofViewer)
