#pragma once
#include <functional>
#include <string>

/// Asks the chat API on this machine; each piece of the answer is passed on as it comes. False: no answer.
bool ask(const std::string &question, const std::function<void(const std::string &)> &take);
