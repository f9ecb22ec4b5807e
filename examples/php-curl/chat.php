<?php
// Asks the model beside it with PHP's curl, and prints the answer as it comes.
$question = $argv[1] ?? 'What is 2+2?';
$rest = '';
$request = curl_init(getenv('OPENAI_BASE_URL') . '/chat/completions');
curl_setopt_array($request, [
    CURLOPT_POST => true,
    CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Authorization: Bearer ' . getenv('OPENAI_API_KEY')],
    CURLOPT_POSTFIELDS => json_encode([
        'model' => 'smollm2', 'stream' => true, 'max_tokens' => 48, 'temperature' => 0,
        'messages' => [['role' => 'user', 'content' => $question]],
    ]),
    CURLOPT_WRITEFUNCTION => function ($request, string $piece) use (&$rest): int {
        $lines = explode("\n", $rest . $piece);
        $rest = array_pop($lines);
        foreach ($lines as $line) {
            if (str_starts_with($line, 'data: {')) {
                echo json_decode(substr($line, 6), true)['choices'][0]['delta']['content'] ?? '';
            }
        }
        return strlen($piece);
    },
]);
if (!curl_exec($request)) {
    fwrite(STDERR, curl_error($request) . "\n");
    exit(1);
}
echo "\n";
