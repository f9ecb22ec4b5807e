//> using scala 3.7.4
//> using dep com.lihaoyi::ujson:4.4.3

import java.net.URI
import java.net.http.{HttpClient, HttpRequest}
import java.net.http.HttpResponse.BodyHandlers

/** Asks the model beside it: the JDK's HTTP client, ujson for the answer. */
@main def ask(words: String*): Unit =
  val question = if words.isEmpty then "What is 2+2?" else words.mkString(" ")
  val body = ujson.Obj(
    "model" -> "smollm2",
    "temperature" -> 0,
    "max_tokens" -> 40,
    "messages" -> ujson.Arr(ujson.Obj("role" -> "user", "content" -> question))
  )
  val request = HttpRequest
    .newBuilder(URI.create(sys.env("OPENAI_BASE_URL") + "/chat/completions"))
    .header("Content-Type", "application/json")
    .POST(HttpRequest.BodyPublishers.ofString(ujson.write(body)))
    .build()
  val answer = ujson.read(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body())
  println(answer("choices")(0)("message")("content").str)
