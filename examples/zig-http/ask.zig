// Asks a model that speaks OpenAI's API, with Zig's standard library.
const std = @import("std");

const Message = struct { role: []const u8, content: []const u8 };
const Ask = struct { model: []const u8, messages: []const Message, temperature: u32, max_tokens: u32 };
const Answer = struct { choices: []const struct { message: Message } };

pub fn main(init: std.process.Init) !void {
    const memory = init.arena.allocator();
    const words = try init.minimal.args.toSlice(memory);
    const question = if (words.len > 1) try join(memory, words[1..]) else "What is the capital of France?";
    const base = init.environ_map.get("OPENAI_BASE_URL") orelse "http://127.0.0.1:11434/v1";

    var reply: std.Io.Writer.Allocating = .init(memory);
    var client: std.http.Client = .{ .allocator = memory, .io = init.io };
    defer client.deinit();
    const result = try client.fetch(.{
        .location = .{ .url = try std.mem.concat(memory, u8, &.{ base, "/chat/completions" }) },
        .payload = try std.json.Stringify.valueAlloc(memory, Ask{
            .model = "gpt-4o-mini",
            .messages = &.{.{ .role = "user", .content = question }},
            .temperature = 0,
            .max_tokens = 24,
        }, .{}),
        .headers = .{ .content_type = .{ .override = "application/json" } },
        .response_writer = &reply.writer,
    });
    if (result.status != .ok) {
        std.debug.print("no answer: {t} {s}\n", .{ result.status, reply.written() });
        std.process.exit(1);
    }
    const answer = try std.json.parseFromSliceLeaky(Answer, memory, reply.written(), .{ .ignore_unknown_fields = true });
    var stdout = std.Io.File.stdout().writerStreaming(init.io, &.{});
    try stdout.interface.print("{s}\n", .{answer.choices[0].message.content});
}

fn join(memory: std.mem.Allocator, words: []const [:0]const u8) ![]const u8 {
    var text: std.Io.Writer.Allocating = .init(memory);
    for (words, 0..) |word, i| try text.writer.print("{s}{s}", .{ if (i > 0) " " else "", word });
    return text.written();
}
