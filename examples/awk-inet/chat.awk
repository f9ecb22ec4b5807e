#!/usr/bin/gawk -f
# Asks the model beside it over gawk's own network files, without any other program.
BEGIN {
    question = ARGC > 1 ? ARGV[1] : "What is 2+2?"
    gsub(/[\\"]/, "\\\\&", question)
    base = ENVIRON["OPENAI_BASE_URL"]
    match(base, /^http:\/\/([^:\/]+):([0-9]+)(.*)$/, part)
    body = "{\"model\": \"smollm2\", \"max_tokens\": 48, \"temperature\": 0, " \
        "\"messages\": [{\"role\": \"user\", \"content\": \"" question "\"}]}"
    server = "/inet/tcp/0/" part[1] "/" part[2]
    ORS = "\r\n"
    print "POST " part[3] "/chat/completions HTTP/1.0" |& server
    print "Host: " part[1] |& server
    print "Content-Type: application/json" |& server
    print "Content-Length: " length(body) |& server
    print "" |& server
    printf "%s", body |& server
    ORS = "\n"
    while ((server |& getline line) > 0)
        text = text line
    close(server)
    if (match(text, /"content":[ ]*"(([^"\\]|\\.)*)"/, found) == 0) {
        print "no answer: " text > "/dev/stderr"
        exit 1
    }
    answer = found[1]
    gsub(/\\n/, "\n", answer)
    gsub(/\\"/, "\"", answer)
    print answer
    exit 0
}
