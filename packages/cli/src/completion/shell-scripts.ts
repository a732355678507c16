/**
 * What a shell is told once. Each script asks `trailproof __complete -- <words>`, whose first line says what kind of
 * completion follows, and the others one candidate each: value, tab, description.
 */

const BASH = `# trailproof completion for bash: source <(trailproof completion bash)
_trailproof() {
  local IFS=$'\\n' line lines
  COMPREPLY=()
  lines=($(trailproof __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  case "\${lines[0]}" in
    files) compopt -o default ;;
    beginnings) compopt -o nospace ;;
  esac
  for line in "\${lines[@]:1}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done
}
complete -F _trailproof trailproof
`

const ZSH = `#compdef trailproof
# trailproof completion for zsh: source <(trailproof completion zsh), or save it as _trailproof in a folder of $fpath
_trailproof() {
  local -a lines found
  lines=("\${(@f)$(trailproof __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case "$lines[1]" in
    files) _files ;;
    beginnings) compadd -S '' -- "\${(@)\${(@)lines[2,-1]}%%$'\\t'*}" ;;
    *)
      found=("\${(@)\${(@)lines[2,-1]}//:/\\\\:}")
      found=("\${(@)found/$'\\t'/:}")
      _describe 'trailproof' found
      ;;
  esac
}
if [ "$funcstack[1]" = "_trailproof" ]; then _trailproof "$@"; else compdef _trailproof trailproof; fi
`

const FISH = `# trailproof completion for fish: trailproof completion fish | source
function __trailproof_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l lines (trailproof __complete -- $words[2..-1] "$typed" 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path "$typed"
    else
        printf '%s\\n' $lines[2..-1]
    end
end
complete -c trailproof -f -a '(__trailproof_complete)'
`

export const SHELL_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const

export type Shell = keyof typeof SHELL_SCRIPTS
