/**
 * What may stand where somebody presses Tab: commands, options, their values, names of query fields, or a file. Read from
 * the commands themselves. (`@bomb.sh/tab`, the library for commander, completes no files, which most of ours take.)
 */
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { QUERY_FIELDS } from '@trailproof/core/query'
import { QUERY_ARGUMENT } from '../read/query-words.ts'

export interface Candidate {
  readonly value: string
  readonly description: string
}

export type Completion =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  /** As words, and what is typed next belongs to the same word. */
  | { readonly kind: 'beginnings'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' }

/** Names of values that are paths. */
const PATHS = /^(?:file|dir|directory|path|target|data|keys|config)(?:\.{3})?$|(?:_file|-file|_cert|_key)$/

/** `words` are those behind the program's name; the last one is being typed. */
export function completeWords(program: CommandUnknownOpts, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? ''
  const { command, before, open } = follow(program, words.slice(0, -1))
  const [, name, value] = /^(--[\w-]+)=(.*)$/s.exec(typed) ?? []
  const option = open ?? (name === undefined ? undefined : optionOf(command, name))
  if (option) return valuesOf(option, value ?? typed, value === undefined ? '' : `${name}=`)
  if (typed.startsWith('-')) return wordsOf(optionsOf(command), typed)
  if (command.commands.length > 0) return wordsOf(commandsOf(command), typed)
  return argumentOf(command, before, typed)
}

interface Place {
  readonly command: CommandUnknownOpts
  /** Arguments before the word that is being typed. */
  readonly before: readonly string[]
  /** An option whose value comes next. */
  readonly open: Option | undefined
}

function follow(program: CommandUnknownOpts, words: readonly string[]): Place {
  let command = program
  let open: Option | undefined
  const before: string[] = []
  for (const word of words) {
    if (open) open = undefined
    else if (word.startsWith('-')) {
      const option = optionOf(command, word)
      open = option && takesValue(option) ? option : undefined
    } else {
      const sub = command.commands.find((each) => each.name() === word || each.aliases().includes(word))
      if (sub) command = sub
      else before.push(word)
    }
  }
  return { command, before, open }
}

function optionOf(command: CommandUnknownOpts, flag: string): Option | undefined {
  return command.options.find((option) => option.long === flag || option.short === flag)
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}

function valuesOf(option: Option, typed: string, before: string): Completion {
  if (option.argChoices)
    return wordsOf(
      option.argChoices.map((value) => ({ value: before + value, description: '' })),
      before + typed,
    )
  const [, name = ''] = /[<[]([\w-]+(?:\.{3})?)[>\]]/.exec(option.flags) ?? []
  return PATHS.test(name) || PATHS.test(option.attributeName()) ? { kind: 'files' } : wordsOf([], typed)
}

function optionsOf(command: CommandUnknownOpts): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }))
}

function commandsOf(command: CommandUnknownOpts): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.summary() || each.description() }))
}

function argumentOf(command: CommandUnknownOpts, before: readonly string[], typed: string): Completion {
  const known = command.registeredArguments
  const argument = known[before.length] ?? known.findLast(({ variadic }) => variadic)
  if (!argument) return wordsOf([], typed)
  if (argument.argChoices)
    return wordsOf(
      argument.argChoices.map((value) => ({ value, description: '' })),
      typed,
    )
  if (QUERY_ARGUMENT.includes(argument.name())) return fieldNames(before, typed)
  return PATHS.test(argument.name()) ? { kind: 'files' } : wordsOf([], typed)
}

/** Bash gives `outcome:failure` as three words: behind the colon stands no field. */
function fieldNames(before: readonly string[], typed: string): Completion {
  if (typed === ':' || before.at(-1) === ':') return wordsOf([], typed)
  const minus = typed.startsWith('-') ? '-' : ''
  const candidates = QUERY_FIELDS.map(({ name, type }) => ({ value: `${minus}${name}:`, description: type }))
  return { kind: 'beginnings', candidates: beginningWith(candidates, typed) }
}

function wordsOf(candidates: readonly Candidate[], typed: string): Completion {
  return { kind: 'words', candidates: beginningWith(candidates, typed) }
}

function beginningWith(candidates: readonly Candidate[], typed: string): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(typed))
}
