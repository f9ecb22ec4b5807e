#include <iostream>

#include "client.hpp"

int main(int argc, char **argv) {
    const bool done = ask(argc > 1 ? argv[1] : "What is 2+2?", [](const std::string &piece) { std::cout << piece << std::flush; });
    std::cout << '\n';
    return done ? 0 : 1;
}
