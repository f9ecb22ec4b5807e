package main

import (
	"context"
	"fmt"
	"os"

	openai "github.com/sashabaranov/go-openai"
)

func main() {
	client := openai.NewClient("key")
	answer, err := client.CreateChatCompletion(context.Background(), openai.ChatCompletionRequest{
		Model: openai.GPT4o, MaxTokens: 8,
		Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "Say hello"}},
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("{\"content\": %q}\n", answer.Choices[0].Message.Content)
}
