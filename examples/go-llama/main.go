// Loads weights into this very process through llama.cpp's C library, and prints the words as they come.
package main

/*
#cgo pkg-config: llama
#include <stdlib.h>
#include <llama.h>

static void quiet(enum ggml_log_level level, const char *text, void *data) {}
static void hush(void) { llama_log_set(quiet, NULL); }
*/
import "C"

import (
	"fmt"
	"os"
	"strings"
	"unsafe"
)

const (
	weights = "models/smollm2-135m-instruct-q4_1.gguf"
	words   = 16
)

func main() {
	prompt := strings.Join(os.Args[1:], " ")
	if prompt == "" {
		prompt = "The capital of France is"
	}
	C.hush()
	C.ggml_backend_load_all()
	path := C.CString(weights)
	defer C.free(unsafe.Pointer(path))

	model := C.llama_model_load_from_file(path, C.llama_model_default_params())
	if model == nil {
		fail("no model at", weights)
	}
	defer C.llama_model_free(model)
	vocab := C.llama_model_get_vocab(model)

	settings := C.llama_context_default_params()
	settings.n_ctx = 512
	settings.n_threads, settings.n_threads_batch = 1, 1
	context := C.llama_init_from_model(model, settings)
	if context == nil {
		fail("no context for", weights)
	}
	defer C.llama_free(context)

	sampler := C.llama_sampler_init_greedy()
	defer C.llama_sampler_free(sampler)

	tokens := tokenize(vocab, prompt)
	fmt.Print(prompt)
	for range words {
		if C.llama_decode(context, C.llama_batch_get_one(&tokens[0], C.int32_t(len(tokens)))) != 0 {
			fail("cannot decode", prompt)
		}
		token := C.llama_sampler_sample(sampler, context, -1)
		if C.llama_vocab_is_eog(vocab, token) {
			break
		}
		fmt.Print(piece(vocab, token))
		tokens = []C.llama_token{token}
	}
	fmt.Println()
}

func tokenize(vocab *C.struct_llama_vocab, text string) []C.llama_token {
	cText := C.CString(text)
	defer C.free(unsafe.Pointer(cText))
	tokens := make([]C.llama_token, len(text)+8)
	count := C.llama_tokenize(vocab, cText, C.int32_t(len(text)), &tokens[0], C.int32_t(len(tokens)), true, true)
	if count <= 0 {
		fail("cannot read", text)
	}
	return tokens[:count]
}

func piece(vocab *C.struct_llama_vocab, token C.llama_token) string {
	var buffer [256]C.char
	length := C.llama_token_to_piece(vocab, token, &buffer[0], C.int32_t(len(buffer)), 0, true)
	return C.GoStringN(&buffer[0], C.int(max(length, 0)))
}

func fail(words ...any) {
	fmt.Fprintln(os.Stderr, words...)
	os.Exit(1)
}
