#!/usr/bin/env newlisp
; Asks the model beside it with newLISP's own post-url and json-parse.
(set 'question (or (main-args 2) "What is 2+2?"))
(set 'question (replace "\"" (replace "\\" question "\\\\") "\\\""))
(set 'body (string "{\"model\": \"smollm2\", \"max_tokens\": 48, \"temperature\": 0, \"messages\": "
  "[{\"role\": \"user\", \"content\": \"" question "\"}]}"))
(set 'answer (post-url (string (env "OPENAI_BASE_URL") "/chat/completions") body "application/json" 300000))
(set 'choice (first (lookup "choices" (json-parse answer))))
(println (lookup "content" (lookup "message" choice)))
(exit)
