;;; Asks the model beside it through SBCL's own sockets; JSON by yason, Debian's package.
(require :asdf)
(require :sb-bsd-sockets)
(let ((*standard-output* (make-broadcast-stream)) (*error-output* (make-broadcast-stream)))
  (asdf:load-system :yason))

(defun ask (host port path body)
  "The body of the answer to a POST. The connection is closed after it, so that it ends with the stream."
  (let ((socket (make-instance 'sb-bsd-sockets:inet-socket :type :stream :protocol :tcp)))
    (sb-bsd-sockets:socket-connect socket #(127 0 0 1) port)
    (let ((stream (sb-bsd-sockets:socket-make-stream socket :input t :output t :external-format :utf-8)))
      (format stream "POST ~a HTTP/1.0~c~cHost: ~a~c~cContent-Type: application/json~c~cContent-Length: ~d~c~c~c~c~a"
              path #\Return #\Newline host #\Return #\Newline #\Return #\Newline
              (length (sb-ext:string-to-octets body :external-format :utf-8))
              #\Return #\Newline #\Return #\Newline body)
      (finish-output stream)
      (loop for line = (read-line stream) until (< (length line) 2))
      (with-output-to-string (text)
        (loop for character = (read-char stream nil) while character do (write-char character text))))))

(let* ((base (sb-ext:posix-getenv "OPENAI_BASE_URL"))
       (place (subseq base (length "http://")))
       (slash (position #\/ place))
       (colon (position #\: place))
       (question (or (second sb-ext:*posix-argv*) "What is 2+2?"))
       (body (with-output-to-string (out)
               (yason:encode-alist
                `(("model" . "smollm2") ("max_tokens" . 48) ("temperature" . 0)
                  ("messages" . ,(list (alexandria:plist-hash-table `("role" "user" "content" ,question) :test #'equal))))
                out)))
       (answer (yason:parse (ask (subseq place 0 slash) (parse-integer (subseq place (1+ colon) slash))
                                 (concatenate 'string (subseq place slash) "/chat/completions") body))))
  (write-line (gethash "content" (gethash "message" (first (gethash "choices" answer))))))
