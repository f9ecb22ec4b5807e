import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Asks the model beside it with nothing but the JDK: POST /v1/chat/completions. */
public class Main {
    public static void main(String[] args) throws Exception {
        String question = args.length > 0 ? String.join(" ", args) : "What is 2+2?";
        String body = """
                {"model": "smollm2", "temperature": 0, "max_tokens": 40,
                 "messages": [{"role": "user", "content": %s}]}""".formatted(quoted(question));
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("OPENAI_BASE_URL") + "/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            String answer = client.send(request, BodyHandlers.ofString()).body();
            System.out.println(content(answer));
        }
    }

    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /** The first "content" of an answer; JSON of one known shape needs no parser. */
    static String content(String json) {
        var match = java.util.regex.Pattern.compile("\"content\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        if (!match.find()) {
            throw new IllegalStateException(json);
        }
        return match.group(1).translateEscapes();
    }
}
