/* llama.cpp behind one function that passes each piece of the answer on as it comes. */
#include <llama.h>
#include <stdio.h>
#include <string.h>

static void on_log(enum ggml_log_level level, const char *text, void *data) {
    (void)data;
    if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

/* 0: done; 1: no such model. */
int llm_generate(const char *file, const char *prompt, int most, void (*take)(const char *, size_t)) {
    llama_token tokens[512];
    llama_log_set(on_log, NULL);
    ggml_backend_load_all();
    struct llama_model *model = llama_model_load_from_file(file, llama_model_default_params());
    if (!model) return 1;
    struct llama_context_params settings = llama_context_default_params();
    settings.n_ctx = 512;
    settings.n_threads = settings.n_threads_batch = 1;
    struct llama_context *context = llama_init_from_model(model, settings);
    struct llama_sampler *sampler = llama_sampler_init_greedy();
    const struct llama_vocab *words = llama_model_get_vocab(model);
    int count = llama_tokenize(words, prompt, (int)strlen(prompt), tokens, 512, true, true);
    while (most-- > 0 && llama_decode(context, llama_batch_get_one(tokens, count)) == 0) {
        char piece[128];
        tokens[0] = llama_sampler_sample(sampler, context, -1);
        count = 1;
        if (llama_vocab_is_eog(words, tokens[0])) break;
        int size = llama_token_to_piece(words, tokens[0], piece, sizeof piece, 0, true);
        if (size > 0) take(piece, (size_t)size);
    }
    llama_sampler_free(sampler);
    llama_free(context);
    llama_model_free(model);
    return 0;
}
