// Loads a model's weights itself with llama.cpp's library, and prints the answer as it comes.
#include <llama.h>

#include <cstdio>
#include <string>
#include <vector>

static void on_log(ggml_log_level level, const char *text, void *) {
    if (level >= GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

int main(int argc, char **argv) {
    const std::string prompt = argc > 1 ? argv[1] : "The capital of France is";
    llama_log_set(on_log, nullptr);
    ggml_backend_load_all();
    llama_model *model = llama_model_load_from_file("model.gguf", llama_model_default_params());
    if (!model) return 1;
    llama_context_params settings = llama_context_default_params();
    settings.n_ctx = 256;
    settings.n_threads = settings.n_threads_batch = 1;
    llama_context *context = llama_init_from_model(model, settings);
    llama_sampler *sampler = llama_sampler_chain_init(llama_sampler_chain_default_params());
    llama_sampler_chain_add(sampler, llama_sampler_init_greedy());

    const llama_vocab *words = llama_model_get_vocab(model);
    std::vector<llama_token> tokens(prompt.size() + 8);
    tokens.resize(llama_tokenize(words, prompt.data(), prompt.size(), tokens.data(), tokens.size(), true, true));
    std::fputs(prompt.c_str(), stdout);
    llama_batch batch = llama_batch_get_one(tokens.data(), tokens.size());
    for (int count = 0; count < 8 && llama_decode(context, batch) == 0; count++) {
        llama_token next = llama_sampler_sample(sampler, context, -1);
        if (llama_vocab_is_eog(words, next)) break;
        char piece[128];
        const int size = llama_token_to_piece(words, next, piece, sizeof piece, 0, true);
        std::fwrite(piece, 1, size > 0 ? size : 0, stdout);
        std::fflush(stdout);
        tokens[0] = next;
        batch = llama_batch_get_one(tokens.data(), 1);
    }
    std::puts("");
    llama_sampler_free(sampler);
    llama_free(context);
    llama_model_free(model);
}
