<?php
$body = ["model" => "gpt-4o", "max_tokens" => 8, "messages" => [["role" => "user", "content" => "Say hello"]]];
$curl = curl_init("https://api.openai.com/v1/chat/completions");
curl_setopt_array($curl, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ["Content-Type: application/json"],
    CURLOPT_POSTFIELDS => json_encode($body),
]);
echo curl_exec($curl) ?: curl_error($curl), "\n";
