// Asks a model server on this machine, with nothing but the standard library. There is no go.mod beside it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

const address = "http://127.0.0.1:8080/v1/completions"

func main() {
	prompt := strings.Join(os.Args[1:], " ")
	if prompt == "" {
		prompt = "The capital of France is"
	}
	body, _ := json.Marshal(map[string]any{"prompt": prompt, "max_tokens": 8, "temperature": 0})
	reply, err := http.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer reply.Body.Close()
	var answer struct{ Choices []struct{ Text string } }
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil || len(answer.Choices) == 0 {
		fmt.Fprintln(os.Stderr, "no answer:", reply.Status, err)
		os.Exit(1)
	}
	fmt.Println(prompt + answer.Choices[0].Text)
}
