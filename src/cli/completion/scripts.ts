/** The shells that are completed for, and how each is taught. The words come from `stigmer __complete`, so the scripts never go stale. */
export const SCRIPTS = {
  bash: `# stigmer: put this into ~/.bashrc:  source <(stigmer completion bash)
_stigmer_complete() {
  local line
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do COMPREPLY+=("$line"); done < <(stigmer __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _stigmer_complete stigmer
`,
  zsh: `#compdef stigmer
# stigmer: put this into ~/.zshrc, after compinit:  source <(stigmer completion zsh)
_stigmer_complete() {
  local -a found
  local word meaning
  while IFS=$'\\t' read -r word meaning; do found+=("\${word//:/\\\\:}:\${meaning}"); done < <(stigmer __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'stigmer' found; else _files; fi
}
compdef _stigmer_complete stigmer
`,
  fish: `# stigmer: put this into ~/.config/fish/completions/stigmer.fish:  stigmer completion fish > ~/.config/fish/completions/stigmer.fish
function __stigmer_complete
  set -l words (commandline -opc) (commandline -ct)
  stigmer __complete -- $words[2..-1] 2>/dev/null
end
complete -c stigmer -a '(__stigmer_complete)'
`,
} as const;
