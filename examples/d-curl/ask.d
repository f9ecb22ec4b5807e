// Asks a model that speaks OpenAI's API and prints the answer as it comes, with D's standard library (libcurl below it).
import std.algorithm : startsWith;
import std.array : join;
import std.json : JSONValue, parseJSON;
import std.net.curl : HTTP;
import std.process : environment;
import std.stdio : stdout, write, writeln;
import core.time : minutes;

void main(string[] args)
{
    auto question = args.length > 1 ? args[1 .. $].join(" ") : "What is the capital of France?";
    auto base = environment.get("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1");
    auto body_ = JSONValue([
        "model": JSONValue("gpt-4o-mini"),
        "messages": JSONValue([JSONValue(["role": "user", "content": question])]),
        "temperature": JSONValue(0), "max_tokens": JSONValue(24), "stream": JSONValue(true),
    ]);

    auto http = HTTP(base ~ "/chat/completions");
    http.setPostData(body_.toString(), "application/json");
    http.operationTimeout = 5.minutes;
    char[] rest;
    http.onReceive = (ubyte[] data) {
        rest ~= cast(char[]) data;
        for (;;)
        {
            import std.string : indexOf, strip;

            auto end = rest.indexOf('\n');
            if (end < 0)
                break;
            show(rest[0 .. end].strip);
            rest = rest[end + 1 .. $];
        }
        return data.length;
    };
    http.perform();
    writeln();
    if (http.statusLine.code != 200)
        throw new Exception("no answer: " ~ http.statusLine.toString());
}

/// One line of the stream: `data: {…}`.
void show(const(char)[] line)
{
    if (!line.startsWith("data: {"))
        return;
    foreach (choice; line[6 .. $].parseJSON["choices"].array)
        if (auto text = "content" in choice["delta"])
            if (!text.isNull)
                write(text.str);
    stdout.flush();
}
