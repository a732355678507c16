/** The SDK knows the server's limits by heart: the schema, which holds them, would bring its compiler into every service. */
import {
  IDENTIFIER_CHARS_MAX,
  LABELS_MAX,
  LIST_ITEMS_MAX,
  METADATA_BYTES_MAX,
  TEXT_BYTES_MAX,
} from '@trailproof/core/schema'
import { expect, test } from 'vitest'
import { METADATA_BYTES_MAX as METADATA } from './fit-record.ts'
import { LABELS_MAX as LABELS } from './labels.ts'
import { IDENTIFIER_CHARS_MAX as IDENTIFIER } from './people.ts'
import { SNAPSHOT_LIMITS } from './snapshot.ts'
import { TRAIL_ITEMS_MAX } from './trail.ts'

test('what the SDK leaves out is what a server would refuse, and no less', () => {
  expect([METADATA, LABELS, IDENTIFIER, SNAPSHOT_LIMITS.textBytesMax]).toEqual([
    METADATA_BYTES_MAX,
    LABELS_MAX,
    IDENTIFIER_CHARS_MAX,
    TEXT_BYTES_MAX,
  ])
  expect(TRAIL_ITEMS_MAX).toBeLessThanOrEqual(LIST_ITEMS_MAX)
})
