/** What can be asked for, in words (docs/erasure.md). */
export const ACT_TITLES: Readonly<Record<string, string>> = {
  erasure: 'Erase records',
  'subject-erasure': 'Erase somebody',
  'hold-release': 'Release a legal hold',
  retention: 'Change retention',
  'ledger-deletion': 'Delete a ledger',
}
