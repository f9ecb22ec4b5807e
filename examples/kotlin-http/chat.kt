import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers

/** Asks the model beside it with nothing but the JDK's HTTP client. */
fun main(args: Array<String>) {
    val question = args.joinToString(" ").ifEmpty { "What is 2+2?" }
    val body = """{"model": "smollm2", "temperature": 0, "max_tokens": 40,
        "messages": [{"role": "user", "content": "${question.replace("\"", "\\\"")}"}]}"""
    val request = HttpRequest.newBuilder(URI("${System.getenv("OPENAI_BASE_URL")}/chat/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build()
    val answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body()
    val content = Regex("\"content\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").find(answer) ?: error(answer)
    println(content.groupValues[1].translateEscapes())
}

private fun String.translateEscapes(): String = (this as java.lang.String).translateEscapes()
