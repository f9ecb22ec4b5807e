;; Asks the model beside it with Guile's web client and guile-json.
(use-modules (web client)
             (web response)
             (rnrs bytevectors)
             (ice-9 receive)
             (json))

(define question
  (if (> (length (command-line)) 1) (cadr (command-line)) "What is 2+2?"))

(define body
  (scm->json-string
   `((model . "smollm2") (max_tokens . 48) (temperature . 0)
     (messages . #(((role . "user") (content . ,question)))))))

(receive (response answer)
    (http-post (string-append (getenv "OPENAI_BASE_URL") "/chat/completions")
               #:body (string->utf8 body)
               #:headers `((content-type . (application/json))))
  (let ((text (if (bytevector? answer) (utf8->string answer) answer)))
    (unless (= 200 (response-code response))
      (error "the model answered" (response-code response) text))
    (let* ((choices (assoc-ref (json-string->scm text) "choices"))
           (message (assoc-ref (vector-ref choices 0) "message")))
      (display (assoc-ref message "content"))
      (newline))))
