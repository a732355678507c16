import { useState } from 'react'
import { PageProblem } from '../api/problem.ts'
import { TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { textIn } from '../parts/form-values.ts'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { useChange } from '../session/use-change.ts'

/** Of who logs in at an identity provider the server says that there is none here. */
export function ChangePassword() {
  const change = useChange('sessions')
  const [isChanged, setChanged] = useState(false)
  const send = async (form: FormData): Promise<void> => {
    const [current, password] = [textIn(form, 'current'), textIn(form, 'password')]
    if (password !== textIn(form, 'again')) throw new PageProblem('the new one is not the same twice')
    await change('PUT', 'v1/me/password', { current, password })
    setChanged(true)
  }
  return (
    <Panel
      title="Password"
      acts={
        <FormDialog
          label="Change it"
          title="Another password"
          explanation="Everywhere else you are logged out."
          act="Change it"
          onSubmit={send}
        >
          <TextField
            label="The one now"
            name="current"
            type="password"
            autoComplete="current-password"
            required
          />
          <TextField
            label="The new one"
            name="password"
            type="password"
            autoComplete="new-password"
            required
          />
          <TextField label="Once more" name="again" type="password" autoComplete="new-password" required />
        </FormDialog>
      }
    >
      <Notice>{isChanged && 'The new password counts from now on.'}</Notice>
      <p>Who logs in at an identity provider changes it there.</p>
    </Panel>
  )
}
