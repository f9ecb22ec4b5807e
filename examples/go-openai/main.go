// Asks a hosted model through OpenAI's own Go library and prints the answer as it comes.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/openai/openai-go"
)

func main() {
	question := strings.Join(os.Args[1:], " ")
	if question == "" {
		question = "What is 2+2?"
	}
	client := openai.NewClient() // OPENAI_BASE_URL and OPENAI_API_KEY
	stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
		Model:       "gpt-4o-mini",
		Messages:    []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
		Temperature: openai.Float(0),
		MaxTokens:   openai.Int(24),
	})
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			fmt.Print(choice.Delta.Content)
		}
	}
	fmt.Println()
	if err := stream.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
