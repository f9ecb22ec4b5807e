% Asks the model beside it with S-Lang's curl and json modules.
require ("curl");
require ("json");

private variable question = (__argc > 1) ? __argv[1] : "What is 2+2?";

private variable message = struct { role = "user", content = question };
private variable asked = struct { model = "smollm2", max_tokens = 48, temperature = 0, messages = {message} };

private variable text = "";
private define collect (unused, piece)
{
   text += piece;
   return 0;
}

private variable request = curl_new (getenv ("OPENAI_BASE_URL") + "/chat/completions");
curl_setopt (request, CURLOPT_HTTPHEADER, ["Content-Type: application/json", "Authorization: Bearer " + getenv ("OPENAI_API_KEY")]);
curl_setopt (request, CURLOPT_POSTFIELDS, json_encode (asked));
curl_setopt (request, CURLOPT_WRITEFUNCTION, &collect, NULL);
curl_perform (request);
private variable answer = json_decode (text);
vmessage ("%s", answer.choices[0].message.content);
