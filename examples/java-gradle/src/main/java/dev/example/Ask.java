package dev.example;

import io.github.ollama4j.Ollama;
import io.github.ollama4j.models.chat.OllamaChatMessageRole;
import io.github.ollama4j.models.chat.OllamaChatRequest;
import io.github.ollama4j.utils.OptionsBuilder;

/** A client of Ollama, which the model beside it speaks too. */
public final class Ask {
    private Ask() {}

    public static void main(String[] args) throws Exception {
        var ollama = new Ollama("http://localhost:11434/");
        ollama.setRequestTimeoutSeconds(120);
        var request = OllamaChatRequest.builder()
                .withModel("smollm2")
                .withOptions(new OptionsBuilder().setTemperature(0.0f).setNumPredict(40).build())
                .withMessage(OllamaChatMessageRole.USER, args.length > 0 ? args[0] : "What is 2+2?")
                .build();
        System.out.println(ollama.chat(request, null).getResponseModel().getMessage().getResponse());
    }
}
