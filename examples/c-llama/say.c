/* Loads a model's weights itself with llama.cpp's library, and prints the answer as it comes. */
#include <llama.h>
#include <stdio.h>
#include <string.h>

static void on_log(enum ggml_log_level level, const char *text, void *data) {
    (void)data;
    if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

int main(int argc, char **argv) {
    const char *prompt = argc > 1 ? argv[1] : "The capital of France is";
    llama_token tokens[128];

    llama_log_set(on_log, NULL);
    ggml_backend_load_all();
    struct llama_model *model = llama_model_load_from_file("model.gguf", llama_model_default_params());
    if (!model) return 1;
    struct llama_context_params settings = llama_context_default_params();
    settings.n_ctx = 256;
    settings.n_threads = settings.n_threads_batch = 1;
    struct llama_context *context = llama_init_from_model(model, settings);
    struct llama_sampler *sampler = llama_sampler_init_greedy();
    const struct llama_vocab *words = llama_model_get_vocab(model);

    int count = llama_tokenize(words, prompt, (int)strlen(prompt), tokens, 128, true, true);
    fputs(prompt, stdout);
    for (int made = 0; made < 8 && llama_decode(context, llama_batch_get_one(tokens, count)) == 0; made++) {
        char piece[128];
        tokens[0] = llama_sampler_sample(sampler, context, -1);
        count = 1;
        if (llama_vocab_is_eog(words, tokens[0])) break;
        int size = llama_token_to_piece(words, tokens[0], piece, sizeof piece, 0, true);
        fwrite(piece, 1, size > 0 ? (size_t)size : 0, stdout);
        fflush(stdout);
    }
    putchar('\n');
    llama_sampler_free(sampler);
    llama_free(context);
    llama_model_free(model);
    return 0;
}
