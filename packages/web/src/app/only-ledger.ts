/** Of what is asked on one page, what another page keeps: whose ledger is looked at. */
export function onlyLedger({ ledger }: { readonly ledger?: string }) {
  return ledger === undefined ? {} : { ledger }
}
