/** `<TrailproofViewer>` for React: the web component with props and a callback. */
import type { TrailproofViewer as ViewerElement, ViewerTexts } from '@trailproof/viewer'
import { type CSSProperties, createElement, type ReactElement, useEffect, useRef } from 'react'

export interface TrailproofViewerProps {
  /** Address of the server, such as `https://audit.example.com`. */
  readonly server: string
  /** A viewer token, made by a server of the product. */
  readonly token: string
  /** Records in one page. Default 25. */
  readonly pageSize?: number
  /** In another language than English; keep the object the same from one rendering to the next. */
  readonly texts?: Partial<ViewerTexts>
  /** The token has ended: fetch another, and give it as `token`. */
  readonly onExpired?: () => void
  readonly className?: string
  readonly style?: CSSProperties
}

export function TrailproofViewer(props: TrailproofViewerProps): ReactElement {
  const { server, token, pageSize, texts, onExpired, className, style } = props
  const ref = useRef<ViewerElement>(null)
  useEffect(() => {
    // Only where there is a page: rendering on a server defines no elements.
    void import('@trailproof/viewer')
  }, [])
  useEffect(() => {
    const viewer = ref.current
    if (viewer === null || onExpired === undefined) return undefined
    viewer.addEventListener('expired', onExpired)
    return () => viewer.removeEventListener('expired', onExpired)
  }, [onExpired])
  useEffect(() => {
    if (ref.current !== null && texts !== undefined) ref.current.texts = texts
  }, [texts])
  return createElement('trailproof-viewer', {
    ref,
    server,
    token,
    'page-size': pageSize,
    class: className,
    style,
  })
}
