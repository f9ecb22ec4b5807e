(ns ask
  (:require [clojure.data.json :as json]
            [clojure.string :as string])
  (:import [java.net URI]
           [java.net.http HttpClient HttpRequest HttpRequest$BodyPublishers HttpResponse$BodyHandlers]))

;; Asks the model beside it: the JDK's HTTP client, data.json.
(defn ask [question]
  (let [body (json/write-str {:model "smollm2" :temperature 0 :max_tokens 40
                              :messages [{:role "user" :content question}]})
        request (-> (HttpRequest/newBuilder (URI. (str (System/getenv "OPENAI_BASE_URL") "/chat/completions")))
                    (.header "Content-Type" "application/json")
                    (.POST (HttpRequest$BodyPublishers/ofString body))
                    (.build))
        answer (.body (.send (HttpClient/newHttpClient) request (HttpResponse$BodyHandlers/ofString)))]
    (get-in (json/read-str answer :key-fn keyword) [:choices 0 :message :content])))

(println (ask (if (seq *command-line-args*) (string/join " " *command-line-args*) "What is 2+2?")))
(shutdown-agents)
