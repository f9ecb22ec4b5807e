# Asks a model that speaks OpenAI's API: Mojo over the C library's sockets.
from std.ffi import external_call
from std.os import getenv
from std.sys import argv


def escaped(text: String) -> String:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def main() raises:
    var question = String()
    for i in range(1, len(argv())):
        question += (" " if question else "") + String(argv()[i])
    if not question:
        question = "What is the capital of France?"
    var base = getenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")
    var port = Int(base.split(":")[2].split("/")[0])

    var body = (
        '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
        + escaped(question)
        + '"}],"temperature":0,"max_tokens":24}'
    )
    var request = (
        "POST /v1/chat/completions HTTP/1.0\r\nHost: 127.0.0.1\r\n"
        + "Content-Type: application/json\r\nContent-Length: "
        + String(body.byte_length())
        + "\r\n\r\n"
        + body
    )

    var address = List[UInt8](length=16, fill=0)  # struct sockaddr_in: 127.0.0.1 and the port
    address[0] = 2
    address[2] = UInt8(port >> 8)
    address[3] = UInt8(port & 255)
    address[4] = 127
    address[7] = 1
    var socket = external_call["socket", Int32](Int32(2), Int32(1), Int32(0))
    if external_call["connect", Int32](socket, address.unsafe_ptr(), UInt32(16)) != 0:
        raise Error("nothing listens at " + base)
    _ = external_call["write", Int](socket, request.unsafe_ptr(), request.byte_length())

    var reply = List[UInt8]()
    var buffer = List[UInt8](length=4096, fill=0)
    while True:
        var count = external_call["read", Int](socket, buffer.unsafe_ptr(), len(buffer))
        if count <= 0:
            break
        for i in range(count):
            reply.append(buffer[i])
    print(content(String(unsafe_from_utf8=reply)))


def content(json: String) raises -> String:
    """The first string called content, unescaped."""
    var parts = json.split('"content":', 1)
    if len(parts) < 2:
        raise Error("no answer: " + json)
    var text = String()
    var is_escaped = False
    for letter in parts[1].split('"', 1)[1].codepoint_slices():
        if is_escaped:
            text += "\n" if letter == "n" else String(letter)
            is_escaped = False
        elif letter == "\\":
            is_escaped = True
        elif letter == '"':
            break
        else:
            text += String(letter)
    return text
