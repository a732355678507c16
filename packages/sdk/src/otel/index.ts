export { type OpenTelemetryApi, type SpanIds, useOpenTelemetry } from './active-span.ts'
export * from './span-processor.ts'
export * from './trail-spans.ts'
