// Asks a model server on this machine with libcurl and nlohmann::json, which are known by their headers.
#include <curl/curl.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

static size_t append(char *data, size_t size, size_t count, void *into) {
    static_cast<std::string *>(into)->append(data, size * count);
    return size * count;
}

int main(int argc, char **argv) {
    const std::string prompt = argc > 1 ? argv[1] : "The capital of France is";
    const std::string body = nlohmann::json{{"prompt", prompt}, {"max_tokens", 8}, {"temperature", 0}}.dump();
    std::string reply;

    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, "http://127.0.0.1:8080/v1/completions");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) {
        std::cerr << curl_easy_strerror(code) << '\n';
        return 1;
    }
    std::cout << prompt << nlohmann::json::parse(reply).at("choices").at(0).at("text").get<std::string>() << '\n';
}
