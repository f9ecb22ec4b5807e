// Asks the model beside it with Pike's Protocols.HTTP.
int main(int argc, array(string) argv)
{
  string question = argc > 1 ? argv[1] : "What is 2+2?";
  string body = Standards.JSON.encode(([
    "model": "smollm2", "max_tokens": 48, "temperature": 0,
    "messages": ({ ([ "role": "user", "content": question ]) }),
  ]));
  object answer = Protocols.HTTP.do_method("POST", getenv("OPENAI_BASE_URL") + "/chat/completions", 0,
    ([ "content-type": "application/json", "authorization": "Bearer " + getenv("OPENAI_API_KEY") ]), 0,
    string_to_utf8(body));
  if (!answer || answer->status != 200) {
    werror("the model gave no answer\n");
    return 1;
  }
  write("%s\n", string_to_utf8(Standards.JSON.decode_utf8(answer->data())->choices[0]->message->content));
  return 0;
}
