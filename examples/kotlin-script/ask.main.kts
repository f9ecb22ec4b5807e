#!/usr/bin/env kotlin
@file:DependsOn("org.json:json:20240303")

import org.json.JSONArray
import org.json.JSONObject
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers

val question = args.joinToString(" ").ifEmpty { "What is 2+2?" }
val message = JSONObject().put("role", "user").put("content", question)
val body = JSONObject().put("model", "smollm2").put("temperature", 0).put("max_tokens", 40)
    .put("messages", JSONArray().put(message))
val request = HttpRequest.newBuilder(URI(System.getenv("OPENAI_BASE_URL") + "/chat/completions"))
    .header("Content-Type", "application/json")
    .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
    .build()
val answer = JSONObject(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body())
println(answer.getJSONArray("choices").getJSONObject(0).getJSONObject("message").getString("content"))
