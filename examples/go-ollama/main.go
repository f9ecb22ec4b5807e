// Ollama's own Go client, streaming. There is no go.mod beside it: the imports say what it needs.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/ollama/ollama/api"
)

func main() {
	question := strings.Join(os.Args[1:], " ")
	if question == "" {
		question = "What is 2+2?"
	}
	client, err := api.ClientFromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	request := &api.ChatRequest{
		Model:    "llama3.2",
		Messages: []api.Message{{Role: "user", Content: question}},
		Options:  map[string]any{"temperature": 0, "num_predict": 24},
	}
	err = client.Chat(context.Background(), request, func(part api.ChatResponse) error {
		fmt.Print(part.Message.Content)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println()
}
