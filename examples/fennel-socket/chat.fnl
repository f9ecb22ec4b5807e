;; Asks the model beside it with LuaSocket, from Fennel.
(local http (require :socket.http))
(local ltn12 (require :ltn12))
(local json (require :dkjson))

(local question (or (. arg 1) "What is 2+2?"))
(local body (json.encode {:model "smollm2" :max_tokens 48 :temperature 0
                          :messages [{:role "user" :content question}]}))
(local pieces [])
(set http.TIMEOUT 300)
(let [(_ status) (http.request {:url (.. (os.getenv "OPENAI_BASE_URL") "/chat/completions")
                                :method "POST"
                                :headers {"Content-Type" "application/json"
                                          "Content-Length" (tostring (length body))}
                                :source (ltn12.source.string body)
                                :sink (ltn12.sink.table pieces)})]
  (assert (= status 200) (.. "the model answered " (tostring status))))
(let [answer (json.decode (table.concat pieces))]
  (print (. answer :choices 1 :message :content)))
