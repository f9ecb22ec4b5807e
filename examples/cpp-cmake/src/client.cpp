#include "client.hpp"

#include <httplib.h>

#include <nlohmann/json.hpp>

using nlohmann::json;

bool ask(const std::string &question, const std::function<void(const std::string &)> &take) {
    httplib::Client client("http://127.0.0.1:8080");
    client.set_read_timeout(300);
    const json body = {{"model", "smollm2"},
                       {"messages", json::array({{{"role", "user"}, {"content", question}}})},
                       {"max_tokens", 24},
                       {"temperature", 0},
                       {"stream", true}};
    std::string waiting;
    httplib::Request request;
    request.method = "POST";
    request.path = "/v1/chat/completions";
    request.set_header("Content-Type", "application/json");
    request.body = body.dump();
    request.content_receiver = [&](const char *data, size_t size, size_t, size_t) {
        waiting.append(data, size);
        for (size_t end; (end = waiting.find('\n')) != std::string::npos; waiting.erase(0, end + 1)) {
            const std::string line = waiting.substr(0, end);
            if (line.rfind("data: {", 0) != 0) continue;
            const json choices = json::parse(line.substr(6)).value("choices", json::array());
            if (!choices.empty()) take(choices[0].value("delta", json::object()).value("content", json("")).is_string()
                                           ? choices[0]["delta"].value("content", "")
                                           : "");
        }
        return true;
    };
    const auto reply = client.send(request);
    return reply && reply->status == 200;
}
