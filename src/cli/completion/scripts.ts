/** Each asks `tnet __complete` for the candidates of the word under the cursor, and leaves files to the shell where there are none. */
export const scripts: Readonly<Record<string, string>> = {
  bash: `# tnet completion bash > /etc/bash_completion.d/tnet
_tnet() {
  local IFS=$'\\n'
  COMPREPLY=($(tnet __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _tnet tnet
`,
  zsh: `#compdef tnet
# tnet completion zsh > "\${fpath[1]}/_tnet"
_tnet() {
  local -a found
  found=(\${(f)"$(tnet __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
if [ "$funcstack[1]" = "_tnet" ]; then _tnet "$@"; else compdef _tnet tnet; fi
`,
  fish: `# tnet completion fish > ~/.config/fish/completions/tnet.fish
complete -c tnet -a '(tnet __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};
