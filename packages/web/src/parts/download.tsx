import { type ReactNode, useEffect, useState } from 'react'

interface DownloadProps {
  readonly file: Blob
  readonly name: string
  readonly children: ReactNode
}

/** A link that saves what this page holds. */
export function Download({ file, name, children }: DownloadProps) {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(file)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return (
    <a href={address} download={name}>
      {children}
    </a>
  )
}
