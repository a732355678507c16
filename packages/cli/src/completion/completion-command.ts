/** `trailproof completion <shell>`, and what the scripts that it prints ask for. */
import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Context } from '../context.ts'
import { completeWords } from './complete-words.ts'
import { SHELL_SCRIPTS, type Shell } from './shell-scripts.ts'

const SHELLS = Object.keys(SHELL_SCRIPTS) as Shell[]

export function completionCommand({ stdout }: Context) {
  return new Command('completion')
    .description('print what teaches a shell to complete commands, options, fields and files')
    .addArgument(new Argument('<shell>', 'whose').choices(SHELLS))
    .addHelpText(
      'after',
      `
For this shell, or in its start-up file for all of them:
  bash   source <(trailproof completion bash)
  zsh    source <(trailproof completion zsh)
  fish   trailproof completion fish | source`,
    )
    .action((shell) => {
      stdout.write(SHELL_SCRIPTS[shell])
    })
}

/** Asked at each press of Tab; in no help. */
export function completeCommand(program: CommandUnknownOpts, { stdout }: Context) {
  return new Command('__complete').argument('[words...]').action((words) => {
    const completion = completeWords(program, words)
    const candidates = completion.kind === 'files' ? [] : completion.candidates
    const lines = candidates.map(({ value, description }) => `${value}\t${description.split('\n', 1)[0]}`)
    stdout.write(`${[completion.kind, ...lines].join('\n')}\n`)
  })
}
