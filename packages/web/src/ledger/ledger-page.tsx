export default function LedgerPage() {
  return (
    <main tabIndex={-1}>
      <h1>Ledger</h1>
    </main>
  )
}
