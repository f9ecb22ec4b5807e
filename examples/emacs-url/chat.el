;;; chat.el --- Asks the model beside it with Emacs's url library  -*- lexical-binding: t -*-
(require 'url)
(require 'json)

(let* ((question (or (car command-line-args-left) "What is 2+2?"))
       (url-request-method "POST")
       (url-show-status nil)
       (inhibit-message t)
       (url-request-extra-headers
        `(("Content-Type" . "application/json")
          ("Authorization" . ,(concat "Bearer " (getenv "OPENAI_API_KEY")))))
       (url-request-data
        (encode-coding-string
         (json-serialize `(:model "smollm2" :max_tokens 48 :temperature 0
                           :messages [(:role "user" :content ,question)]))
         'utf-8))
       (buffer (url-retrieve-synchronously (concat (getenv "OPENAI_BASE_URL") "/chat/completions") t t 300)))
  (with-current-buffer buffer
    (goto-char url-http-end-of-headers)
    (let* ((answer (json-parse-buffer))
           (choice (aref (gethash "choices" answer) 0)))
      (princ (gethash "content" (gethash "message" choice)))
      (terpri)))
  (kill-emacs 0))
