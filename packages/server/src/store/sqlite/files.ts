/** The files in the data directory. */
export const LEDGER_FILE = 'ledger.db'
export const INDEX_FILE = 'index.db'
export const STREAMS_FILE = 'streams.db'
export const DIRECTORY_FILE = 'directory.db'
