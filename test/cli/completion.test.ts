import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { run, temporaryDirectory } from './command.ts'

/** A folder for PATH in which `trailproof` is the command of this repository. */
function commandOnPath(): string {
  const folder = temporaryDirectory()
  const file = join(folder, 'trailproof')
  const main = resolve('packages/cli/src/main.ts')
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' --conditions=trailproof-source '${main}' "$@"\n`)
  chmodSync(file, 0o755)
  return folder
}

function inShell(shell: string, args: readonly string[]): string[] {
  const folder = commandOnPath()
  writeFileSync(join(folder, 'some-file.ndjson'), '')
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, HOME: folder, TERM: 'dumb' }
  const output = execFileSync(shell, args, { cwd: folder, env, encoding: 'utf8' })
  return output.split('\n').filter((line) => line !== '')
}

/** What bash would offer; `compopt` works only while somebody types. */
function bash(...words: string[]): string[] {
  const typed = words.map((word) => `'${word}'`).join(' ')
  const script = `source <(trailproof completion bash); compopt() { echo "option $2"; }
    COMP_WORDS=(trailproof ${typed}); COMP_CWORD=${words.length}; _trailproof; printf '%s\\n' "\${COMPREPLY[@]}"`
  return inShell('bash', ['-c', script])
}

test('bash completes commands, options, values, fields and files', () => {
  expect(bash('se')).toEqual(['serve', 'send', 'search', 'sessions'])
  expect(bash('ledger', '')).toEqual(expect.arrayContaining(['list', 'create', 'succeed']))
  expect(bash('search', '--o')).toEqual(['--oldest'])
  expect(bash('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  expect(bash('search', 'outcome:failure', 'serv')).toEqual([
    'option nospace',
    'service:',
    'service_version:',
  ])
  expect(bash('search', 'outcome', ':', 'serv')).toEqual([])
  expect(bash('send', '')).toEqual(['option default'])
  expect(bash('send', '--receipts', '')).toEqual(['option default'])
  expect(bash('no-such-command', '')).not.toContain('undefined')
})

test('zsh completes, each candidate with its meaning', () => {
  const script = `compdef() { :; }; source <(trailproof completion zsh)
    _describe() { print -rl -- "\${(@P)2}"; }; _files() { print files; }; compadd() { print -l -- "$@"; }
    for typed in 'se' 'search out' 'send x'; do
      words=(trailproof \${=typed}); CURRENT=$#words; _trailproof
    done`
  expect(inShell('zsh', ['-f', '-c', script])).toEqual([
    'serve:start the server',
    expect.stringMatching(/^send:record what a file or stdin holds\\: /),
    expect.stringMatching(/^search:/),
    expect.stringMatching(/^sessions:/),
    '-S',
    '--',
    'outcome:',
    'files',
  ])
})

function fish(typed: string): string[] {
  return inShell('fish', ['--no-config', '-c', `trailproof completion fish | source; complete -C '${typed}'`])
}

test('fish completes, each candidate with its meaning', () => {
  expect(fish('trailproof se')).toEqual([
    'search\tsearch records, newest in the ledger first, or count them',
    expect.stringMatching(/^send\t/),
    'serve\tstart the server',
    expect.stringMatching(/^sessions\t/),
  ])
  expect(fish('trailproof search out')).toEqual(['outcome:\tkeyword'])
  expect(fish('trailproof send some')).toEqual(['some-file.ndjson'])
})

test('a shell that is not known is refused by name', async () => {
  const { code, stderr } = await run(['completion', 'tcsh'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/Allowed choices are bash, zsh, fish/)
})
