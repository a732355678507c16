/** Takes what was found away: as a file that proves itself, or as a table for other programs. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Download } from '../parts/download.tsx'
import { messageOf } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { downloadExport } from './download-export.ts'
import styles from './export-dialog.module.css'
import { ExportVerdict } from './export-verdict.tsx'

const FORMATS = [
  ['ndjson', 'ndjson', 'NDJSON, which proves by itself that nothing in it is missing or altered'],
  ['csv', 'csv', 'CSV, for spreadsheets; without a proof'],
  ['ocsf', 'ocsf.ndjson', 'OCSF, for security tools; without a proof'],
] as const

interface ExportDialogProps {
  /** Parameters of the search whose records are taken. */
  readonly asked: Readonly<Record<string, string>>
  readonly ledger: string
  readonly onClose: () => void
}

export default function ExportDialog({ asked, ledger, onClose }: ExportDialogProps) {
  const { client } = useSession()
  const [format, setFormat] = useState<string>('ndjson')
  const [bytes, setBytes] = useState(0)
  const abort = useRef<AbortController>(undefined)
  const taken = useMutation({
    mutationFn: () => {
      abort.current = new AbortController()
      setBytes(0)
      return downloadExport(client, {
        parameters: { ...asked, format },
        signal: abort.current.signal,
        onBytes: setBytes,
      })
    },
  })
  const close = (): void => {
    abort.current?.abort()
    onClose()
  }
  // Another dialog, or another page, can take its place.
  useEffect(() => () => abort.current?.abort(), [])
  const [, ending] = FORMATS.find(([name]) => name === format)!
  return (
    <Dialog title="Export" isOpen onClose={close}>
      <fieldset className={styles.formats} disabled={taken.isPending}>
        <legend>As</legend>
        {FORMATS.map(([name, , title]) => (
          <label key={name}>
            <input
              type="radio"
              name="format"
              checked={format === name}
              onChange={() => {
                setFormat(name)
                taken.reset()
              }}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <p>
        Of ledger {ledger}: {asked['q'] ? <code>{asked['q']}</code> : 'all records'} {timeOf(asked)}. That it
        was taken is recorded.
      </p>
      {taken.data === undefined ? (
        <Button kind="main" disabled={taken.isPending} onClick={() => taken.mutate()}>
          {taken.isPending ? `Taking … ${mebibytes(bytes)}` : 'Take it'}
        </Button>
      ) : (
        <div className={styles.taken}>
          <Download file={taken.data} name={`${ledger}.${ending}`}>
            Save {ledger}.{ending}
          </Download>{' '}
          ({mebibytes(taken.data.size)}){format === 'ndjson' && <ExportVerdict file={taken.data} />}
        </div>
      )}
      {taken.error !== null && <p role="alert">{messageOf(taken.error)}</p>}
      <p className={styles.hint}>
        For more than a browser holds: <code>{commandFor(asked, ledger, format)}</code>
      </p>
    </Dialog>
  )
}

function timeOf({ last, from, to }: Readonly<Record<string, string>>): string {
  if (last) return `of the last ${last}`
  return from || to ? `from ${from || 'the beginning'} to ${to || 'now'}` : 'of all time'
}

function commandFor(
  { q = '', last, from, to }: Readonly<Record<string, string>>,
  ledger: string,
  format: string,
): string {
  const options = { ledger, format, last, from, to }
  const said = Object.entries(options).flatMap(([name, value]) => (value ? [`--${name} ${value}`] : []))
  const query = q === '' ? [] : [`'${q.replaceAll("'", String.raw`'\''`)}'`]
  return ['trailproof export', ...said, ...query].join(' ')
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
