#!/usr/bin/env zsh
# zsh's arrays and a here document; what it sources lies beside it.
source "${0:A:h}/lib/ask.zsh"
for question in ${@:-"What is 2+2?"}; do
  print -r -- "$(ask $question)"
done
