///usr/bin/env jbang "$0" "$@" ; exit $?
//DEPS com.openai:openai-java:4.8.0
//DEPS org.slf4j:slf4j-nop:2.0.17

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.chat.completions.ChatCompletionCreateParams;

/** The official SDK; the answer is printed as it comes. */
class Stream {
    public static void main(String[] args) {
        OpenAIClient client = OpenAIOkHttpClient.fromEnv();
        var params = ChatCompletionCreateParams.builder()
                .model("smollm2")
                .temperature(0)
                .maxCompletionTokens(40)
                .addUserMessage(args.length > 0 ? args[0] : "What is 2+2?")
                .build();
        try (var answer = client.chat().completions().createStreaming(params)) {
            answer.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .forEach(piece -> {
                        System.out.print(piece);
                        System.out.flush();
                    });
        }
        System.out.println();
    }
}
