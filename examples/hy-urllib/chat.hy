; Asks the model beside it with Python's urllib, from Hy.
(import json os sys)
(import urllib.request [Request urlopen])

(setv question (if (> (len sys.argv) 1) (get sys.argv 1) "What is 2+2?"))
(setv request (Request (+ (get os.environ "OPENAI_BASE_URL") "/chat/completions")
  :headers {"Content-Type" "application/json"
            "Authorization" (+ "Bearer " (get os.environ "OPENAI_API_KEY"))}
  :data (.encode (json.dumps {"model" "smollm2" "stream" True "max_tokens" 48 "temperature" 0
                              "messages" [{"role" "user" "content" question}]}))))
(with [answer (urlopen request :timeout 300)]
  (for [line answer]
    (when (.startswith line b"data: {")
      (setv delta (get (get (get (json.loads (cut line 6 None)) "choices") 0) "delta"))
      (print (or (.get delta "content") "") :end "" :flush True))))
(print)
