import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode, RefObject } from 'react'
import { Button } from './button.tsx'
import styles from './dialog.module.css'

interface DialogProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  /** What has the focus at first; default: the first that can have it. */
  readonly focus?: RefObject<HTMLElement | null>
  readonly children: ReactNode
}

/** Something that is done before going on with the page, which is out of reach meanwhile. */
export function Dialog({ title, isOpen, onClose, focus, children }: DialogProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup data-modal className={styles.popup} {...(focus && { initialFocus: focus })}>
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close render={<Button kind="quiet" aria-label="Close" />}>✕</Base.Close>
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
