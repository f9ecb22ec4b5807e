/* Asks a model server on this machine with nothing but the C library, and prints the answer as it comes. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *ADDRESS = "127.0.0.1:8080";

static int open_socket(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8080)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

/* Prints the value of "text" in one event of the stream; \n and \" are the escapes that short answers have. */
static void print_text(const char *event) {
    const char *at = strstr(event, "\"text\":\"");
    if (!at) return;
    for (at += 8; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1]) putchar(*++at == 'n' ? '\n' : *at);
        else putchar(*at);
    }
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *prompt = argc > 1 ? argv[1] : "The capital of France is";
    char body[1024], line[65536];
    int size = snprintf(body, sizeof body, "{\"prompt\":\"%s\",\"max_tokens\":8,\"temperature\":0,\"stream\":true}", prompt);
    int fd = open_socket();
    if (fd < 0) {
        perror(ADDRESS);
        return 1;
    }
    dprintf(fd, "POST /v1/completions HTTP/1.0\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", ADDRESS,
            size, body);
    printf("%s", prompt);
    FILE *reply = fdopen(fd, "r");
    while (fgets(line, sizeof line, reply))
        if (strncmp(line, "data: {", 7) == 0) print_text(line);
    putchar('\n');
    return fclose(reply);
}
