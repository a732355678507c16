/** A form over the page. What cannot be taken back is asked for in one that only its own buttons close. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog } from '@base-ui/react/dialog'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import dialog from './dialog.module.css'
import styles from './form-dialog.module.css'
import { ProblemText } from './problem-text.tsx'

interface FormDialogProps {
  /** What stands on the button that opens it. */
  readonly label: string
  /** Says of which row it is, for whoever hears the button. */
  readonly of?: string
  readonly title: string
  readonly explanation?: ReactNode
  /** What stands on the button that does it. */
  readonly act: string
  readonly isGrave?: boolean
  readonly isMain?: boolean
  /** Resolves when it is done, and the dialog closes; what it rejects with is shown. */
  readonly onSubmit: (form: FormData) => Promise<unknown>
  readonly children?: ReactNode
}

export function FormDialog({ label, of, isGrave = false, isMain = false, ...content }: FormDialogProps) {
  const [isOpen, setOpen] = useState(false)
  const { Root } = isGrave ? AlertDialog : Dialog
  return (
    <Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger
        render={
          <Button
            kind={isMain ? 'main' : 'plain'}
            aria-label={of === undefined ? undefined : `${label}: ${of}`}
          />
        }
      >
        {label}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialog.backdrop} />
        <Dialog.Popup data-modal className={dialog.popup}>
          <Content isGrave={isGrave} onDone={() => setOpen(false)} {...content} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Root>
  )
}

interface ContentProps
  extends Pick<FormDialogProps, 'title' | 'explanation' | 'act' | 'onSubmit' | 'children'> {
  readonly isGrave: boolean
  readonly onDone: () => void
}

function Content({ title, explanation, act, isGrave, onSubmit, onDone, children }: ContentProps) {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await onSubmit(new FormData(event.currentTarget))
      onDone()
    } catch (caught) {
      setError(caught)
      setBusy(false)
    }
  }
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <Dialog.Title className={styles.title}>{title}</Dialog.Title>
      {explanation !== undefined && (
        <Dialog.Description className={styles.explanation}>{explanation}</Dialog.Description>
      )}
      {children}
      {error !== undefined && <ProblemText error={error} />}
      <div className={styles.acts}>
        <Dialog.Close render={<Button />}>Cancel</Dialog.Close>
        <Button type="submit" kind="main" className={isGrave ? styles.grave : ''} disabled={isBusy}>
          {act}
        </Button>
      </div>
    </form>
  )
}
