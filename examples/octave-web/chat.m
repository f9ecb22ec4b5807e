% Asks the model beside it with webwrite; jsonencode and jsondecode come with Octave.
arguments = argv ();
question = "What is 2+2?";
if numel (arguments) > 0
  question = arguments{1};
end
asked.model = "smollm2";
asked.max_tokens = 48;
asked.temperature = 0;
asked.messages = {struct("role", "user", "content", question)};
options = weboptions ("MediaType", "application/json", "Timeout", 300, "HeaderFields", {"Authorization", ["Bearer " getenv("OPENAI_API_KEY")]});
answer = webwrite ([getenv("OPENAI_BASE_URL") "/chat/completions"], jsonencode (asked), options);
if ischar (answer)
  answer = jsondecode (answer);
end
disp (answer.choices(1).message.content);
