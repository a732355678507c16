/** Bounds of a query (spec/query.md, "Bounds"). Beyond one the query is refused, with the place and the bound. */

/** UTF-16 code units of a query's text. */
export const QUERY_CHARS_MAX = 8192
/** Parentheses and negations around each other. */
export const QUERY_DEPTH_MAX = 32
/** Words, phrases, field tests and saved searches in one query; in all, once saved searches are put in. */
export const QUERY_CONDITIONS_MAX = 128
/** Saved searches inside each other. */
export const SAVED_DEPTH_MAX = 8
/** Values in one list. */
export const LIST_VALUES_MAX = 256
/** UTF-16 code units of one value, word or phrase. */
export const VALUE_CHARS_MAX = 1024
/** UTF-16 code units of a field's name, as written. */
export const FIELD_CHARS_MAX = 512
/** UTF-16 code units of a saved search's name. */
export const SAVED_NAME_CHARS_MAX = 128
/** UTF-16 code units of a regular expression. */
export const REGEX_CHARS_MAX = 256
/** Instructions of a compiled one: the time for a value is at most this times its length. */
export const REGEX_STEPS_MAX = 300
/** Regular expressions in one query. */
export const REGEXES_MAX = 8
/** `*` in one value. */
export const WILDCARDS_MAX = 8
/** Fields of `| count by`. */
export const COUNT_FIELDS_MAX = 8
/** Fields of `| fields`. */
export const SHOWN_FIELDS_MAX = 64
/** Values of `| top`. */
export const TOP_MAX = 1000
/** Ten years, for `last:` and `| timeline`. */
export const DURATION_SECONDS_MAX = 315_576_000
