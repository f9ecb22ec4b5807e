#lang racket/base
; Asks the model beside it with Racket's own HTTP client, and prints the answer as it comes.
(require json net/http-client net/url racket/port racket/string)

(define arguments (current-command-line-arguments))
(define question (if (positive? (vector-length arguments)) (vector-ref arguments 0) "What is 2+2?"))
(define where (string->url (string-append (getenv "OPENAI_BASE_URL") "/chat/completions")))
(define body
  (jsexpr->bytes (hasheq 'model "smollm2" 'stream #t 'max_tokens 48 'temperature 0
                         'messages (list (hasheq 'role "user" 'content question)))))
(define-values (status headers answer)
  (http-sendrecv (url-host where) (url->string (struct-copy url where [scheme #f] [host #f] [port #f]))
                 #:port (url-port where) #:ssl? (equal? (url-scheme where) "https")
                 #:method #"POST" #:data body
                 #:headers (list "Content-Type: application/json"
                                 (string-append "Authorization: Bearer " (or (getenv "OPENAI_API_KEY") "")))))
(for ([line (in-lines answer)] #:when (string-prefix? line "data: {"))
  (define choice (car (hash-ref (string->jsexpr (substring line 6)) 'choices)))
  (define piece (hash-ref (hash-ref choice 'delta) 'content (json-null)))
  (when (string? piece)
    (write-string piece)
    (flush-output)))
(newline)
