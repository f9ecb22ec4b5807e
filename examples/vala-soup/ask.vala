// Asks a model that speaks OpenAI's API, with libsoup and json-glib.
int main(string[] args) {
    Intl.setlocale();
    var question = args.length > 1 ? string.joinv(" ", args[1:]) : "What is the capital of France?";
    var address = Environment.get_variable("OPENAI_BASE_URL") ?? "http://127.0.0.1:11434/v1";

    var builder = new Json.Builder();
    builder.begin_object();
    builder.set_member_name("model").add_string_value("gpt-4o-mini");
    builder.set_member_name("temperature").add_int_value(0);
    builder.set_member_name("max_tokens").add_int_value(24);
    builder.set_member_name("messages").begin_array().begin_object();
    builder.set_member_name("role").add_string_value("user");
    builder.set_member_name("content").add_string_value(question);
    builder.end_object().end_array().end_object();

    var message = new Soup.Message("POST", address + "/chat/completions");
    message.set_request_body_from_bytes("application/json", new Bytes(Json.to_string(builder.get_root(), false).data));
    try {
        var reply = new Soup.Session().send_and_read(message);
        if (message.status_code != 200) {
            printerr("no answer: %u %s\n", message.status_code, (string) reply.get_data());
            return 1;
        }
        var parser = new Json.Parser();
        parser.load_from_data((string) reply.get_data(), (ssize_t) reply.get_size());
        var choice = parser.get_root().get_object().get_array_member("choices").get_object_element(0);
        stdout.printf("%s\n", choice.get_object_member("message").get_string_member("content"));
    } catch (Error problem) {
        printerr("%s\n", problem.message);
        return 1;
    }
    return 0;
}
