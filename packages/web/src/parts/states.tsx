/** Loading, nothing there, failed, and refused: four different screens. */
import type { ReactNode } from 'react'
import { ApiProblem, PageProblem } from '../api/problem.ts'
import { Button } from './button.tsx'
import styles from './states.module.css'

/** A sentence for people. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiProblem || error instanceof PageProblem) {
    const { message } = error
    return `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}`
  }
  return 'Something went wrong in this page'
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <div className={styles.state} role="status">
      <span className={styles.spinner} aria-hidden="true" />
      <p>Loading {what} …</p>
    </div>
  )
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles.state}>
      <h2>{title}</h2>
      {children}
    </div>
  )
}

export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const isRefused = error instanceof ApiProblem && (error.status === 401 || error.status === 403)
  return (
    <div className={styles.state} role="alert" data-kind={isRefused ? 'refused' : 'failed'}>
      <h2>{isRefused ? 'You may not see this' : 'That did not work'}</h2>
      <p>{messageOf(error)}</p>
      {!isRefused && onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </div>
  )
}
