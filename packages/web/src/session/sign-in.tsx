import { type FormEvent, type InputHTMLAttributes, useEffect, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { messageOf } from '../parts/states.tsx'
import { useSessionControl } from './session.tsx'
import styles from './sign-in.module.css'

type Way = 'account' | 'key'

/** Where the way that was taken last is kept. */
const WAY = 'trailproof.way'

/** Why somebody came back from their identity provider and is not in (docs/identity.md). */
const REFUSALS: Readonly<Record<string, string>> = {
  nobody: 'The identity provider let nobody in',
  'no-role': 'No group of yours has a role here',
  disabled: 'This user may not log in',
}

function refusalInAddress(): string | undefined {
  return REFUSALS[new URLSearchParams(location.hash.split('?')[1]).get('refused') ?? '']
}

export function SignIn() {
  const { resume, signInByKey, logIn, providerAddress } = useSessionControl()
  const [provider, setProvider] = useState<string>()
  const [way, setWay] = useState<Way>(() => (localStorage.getItem(WAY) === 'account' ? 'account' : 'key'))
  const [problem, setProblem] = useState(refusalInAddress)
  const [isBusy, setBusy] = useState(true)

  useEffect(() => {
    void resume().then((isThere) => setBusy(isThere)) // it never rejects
    void providerAddress().then(setProvider) // nor does this
  }, [resume, providerAddress])

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const text = (name: string): string => given.get(name) as string
    setBusy(true)
    setProblem(undefined)
    try {
      localStorage.setItem(WAY, way)
      await (way === 'key' ? signInByKey(text('key').trim()) : logIn(text('email').trim(), text('password')))
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }
  const other = way === 'key' ? 'account' : 'key'

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={(event) => void submit(event)}>
        <img src="./seal.svg" alt="" width={40} height={40} />
        <h1>Trailproof</h1>
        {way === 'key' ? (
          <>
            <p className={styles.hint}>
              The first key was shown when the server started; others are made with{' '}
              <code>trailproof key create</code>.
            </p>
            <Field
              key="key"
              label="API key"
              name="key"
              type="password"
              autoComplete="off"
              problem={problem}
            />
          </>
        ) : (
          <>
            <Field
              key="email"
              label="E-mail"
              name="email"
              type="email"
              autoComplete="username"
              problem={problem}
            />
            <Field label="Password" name="password" type="password" autoComplete="current-password" />
          </>
        )}
        {problem !== undefined && (
          <p id="sign-in-problem" role="alert" className={styles.problem}>
            {problem}
          </p>
        )}
        <Button type="submit" kind="main" disabled={isBusy}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </Button>
        {provider !== undefined && (
          <a className={styles.provider} href={provider}>
            Sign in by your identity provider
          </a>
        )}
        <Button
          kind="quiet"
          onClick={() => {
            setWay(other)
            setProblem(undefined)
          }}
        >
          {other === 'account' ? 'Sign in with an account' : 'Sign in with an API key'}
        </Button>
      </form>
    </main>
  )
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string
  readonly problem?: string | undefined
}

function Field({ label, problem, ...input }: FieldProps) {
  return (
    <label className={styles.field}>
      <span>{label}</span>
      <input
        required
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : 'sign-in-problem'}
        {...input}
      />
    </label>
  )
}
