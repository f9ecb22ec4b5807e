#!/usr/bin/env lua
-- Asks the model beside it with LuaSocket and dkjson.
local http = require("socket.http")
local ltn12 = require("ltn12")
local json = require("dkjson")

local question = arg[1] or "What is 2+2?"
local body = json.encode({
  model = "smollm2", max_tokens = 48, temperature = 0,
  messages = { { role = "user", content = question } },
})
local pieces = {}
http.TIMEOUT = 300
local _, status = http.request({
  url = os.getenv("OPENAI_BASE_URL") .. "/chat/completions",
  method = "POST",
  headers = {
    ["Content-Type"] = "application/json",
    ["Content-Length"] = tostring(#body),
    ["Authorization"] = "Bearer " .. (os.getenv("OPENAI_API_KEY") or ""),
  },
  source = ltn12.source.string(body),
  sink = ltn12.sink.table(pieces),
})
assert(status == 200, "the model answered " .. tostring(status) .. ": " .. table.concat(pieces))
print(json.decode(table.concat(pieces)).choices[1].message.content)
