/** Judges an export that somebody was given, here in the browser: the file is sent nowhere. */
import { useState } from 'react'
import { ExportVerdict } from '../export/export-verdict.tsx'
import styles from './verify-page.module.css'

export default function VerifyPage() {
  const [file, setFile] = useState<File>()
  const [keys, setKeys] = useState('')
  return (
    <main className={styles.page} tabIndex={-1}>
      <h1>Verify an export</h1>
      <p>
        A file that <code>trailproof export</code> or the records page has made as NDJSON proves by itself
        that nothing in it is missing or altered. It is judged in this browser and sent nowhere.
      </p>
      <label className={styles.field}>
        <span>The file</span>
        <input
          type="file"
          accept=".ndjson,.jsonl,.json"
          onChange={(event) => setFile(event.target.files?.[0])}
        />
      </label>
      <label className={styles.field}>
        <span>Verifier keys that you were given; without any, those that this browser has pinned</span>
        <textarea
          value={keys}
          rows={2}
          spellCheck={false}
          onChange={(event) => setKeys(event.target.value)}
        />
      </label>
      {file !== undefined && (
        <ExportVerdict key={`${file.name} ${file.lastModified}`} file={file} givenKeys={keys.trim()} />
      )}
    </main>
  )
}
