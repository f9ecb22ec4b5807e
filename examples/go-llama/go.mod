module example.com/go-llama

go 1.22
