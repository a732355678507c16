/**
 * Statements and the data of their COPYs in one go: what the server asks for one after the other is on the way to it
 * already, so that a commit costs the network one round trip and not one a statement.
 */
import type pg from 'pg'

/** The wire below the client, which its types leave out. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void; destroy(error: Error): void }
  query(text: string): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
}

/** Larger messages make the server take memory for them at once. */
const CHUNK_BYTES = 1 << 20
/** Handed to the system at once: each call costs as much as the encoding of 20 records. */
const WRITE_BYTES = 1 << 16

/**
 * Sends statements that hold as many `COPY … FROM STDIN (FORMAT binary)` as there are `copies`, in their order. Data
 * behind a statement that fails is dropped by the server, as the protocol has it. Rejects when `timeoutMs` pass without an
 * end; the connection is then of no use any more.
 */
export function runCopyScript(
  client: pg.PoolClient,
  statements: string,
  copies: readonly Iterable<Uint8Array>[],
  timeoutMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const silence = setTimeout(() => {
      const { connection } = client as unknown as { connection: Wire }
      connection.stream.destroy(new Error('timeout expired'))
    }, timeoutMs)
    const script = {
      // The client puts its own here, which ends its timer: without it every script would stay in memory until that runs out.
      callback: ignore,
      submit(connection: unknown): void {
        const wire = connection as Wire // the client hands it to whatever it is given to submit
        wire.stream.cork()
        wire.query(statements)
        try {
          for (const chunks of copies) send(wire, chunks)
          wire.stream.uncork()
        } catch (error) {
          wire.stream.destroy(error as Error) // half a message cannot be taken back
        }
      },
      handleError(error: Error): void {
        clearTimeout(silence)
        script.callback()
        reject(error)
      },
      handleReadyForQuery(): void {
        clearTimeout(silence)
        script.callback()
        resolve()
      },
      handleCopyInResponse: ignore,
      handleCommandComplete: ignore,
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handleEmptyQuery: ignore,
    }
    client.query(script)
  })
}

/** What is made while it is sent is made while the server works on what came before. */
function send(wire: Wire, chunks: Iterable<Uint8Array>): void {
  let waiting = 0
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      wire.sendCopyFromChunk(chunk.subarray(at, at + CHUNK_BYTES))
      waiting += Math.min(CHUNK_BYTES, chunk.length - at)
      if (waiting < WRITE_BYTES) continue
      wire.stream.uncork()
      wire.stream.cork()
      waiting = 0
    }
  wire.endCopyFrom()
}

function ignore(): void {}
