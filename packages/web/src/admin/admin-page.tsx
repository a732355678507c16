import { useParams } from '@tanstack/react-router'
import { Empty } from '../parts/states.tsx'
import { SECTIONS } from './sections.ts'

export default function AdminPage() {
  const { section } = useParams({ from: '/admin/$section' })
  const { title } = SECTIONS.find(({ name }) => name === section) ?? {}
  return (
    <main tabIndex={-1}>
      {title === undefined ? <Empty title="There is no such section" /> : <h1>{title}</h1>}
    </main>
  )
}
