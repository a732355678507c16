export * from './policy.ts'
export { REDACTED_PATHS_MAX, redactPersonal } from './redact-record.ts'
export { redactText } from './redact-text.ts'
