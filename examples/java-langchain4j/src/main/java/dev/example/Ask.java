package dev.example;

import dev.langchain4j.model.openai.OpenAiChatModel;

/** LangChain4j on whatever speaks OpenAI's API. */
public final class Ask {
    private Ask() {}

    public static void main(String[] args) {
        var model = OpenAiChatModel.builder()
                .baseUrl(System.getenv("OPENAI_BASE_URL"))
                .apiKey(System.getenv("OPENAI_API_KEY"))
                .modelName("smollm2")
                .temperature(0.0)
                .maxTokens(40)
                .build();
        System.out.println(model.chat(args.length > 0 ? String.join(" ", args) : "What is 2+2?"));
    }
}
