// LangChain for Go over OpenAI's API, streaming. There is no go.mod beside it: the imports say what it needs.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/openai"
)

func main() {
	question := strings.Join(os.Args[1:], " ")
	if question == "" {
		question = "What is 2+2?"
	}
	model, err := openai.New(openai.WithModel("gpt-4o-mini"))
	if err != nil {
		log.Fatal(err)
	}
	show := func(_ context.Context, piece []byte) error {
		_, err := os.Stdout.Write(piece)
		return err
	}
	_, err = llms.GenerateFromSinglePrompt(context.Background(), model, question,
		llms.WithTemperature(0), llms.WithMaxTokens(24), llms.WithStreamingFunc(show))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println()
}
