/** The driver on OpenSearch. Apart from the other drivers, as they are. */

export type { OpenSearchOptions } from './store/opensearch/opensearch-options.ts'
export { type OpenSearchIndex, openOpenSearchIndex } from './store/opensearch/search-index.ts'
