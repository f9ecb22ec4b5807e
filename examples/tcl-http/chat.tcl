#!/usr/bin/env tclsh
# Asks the model beside it with Tcl's http package and tcllib's json.
package require http
package require json
package require json::write

set question [expr {[llength $argv] ? [lindex $argv 0] : "What is 2+2?"}]
set message [json::write object role [json::write string user] content [json::write string $question]]
set body [json::write object model [json::write string smollm2] max_tokens 48 temperature 0 messages [json::write array $message]]
set token [http::geturl $env(OPENAI_BASE_URL)/chat/completions -method POST -type application/json \
    -headers [list Authorization "Bearer $env(OPENAI_API_KEY)"] -query [encoding convertto utf-8 $body] -timeout 300000]
if {[http::ncode $token] != 200} {
    puts stderr "the model answered [http::code $token]: [http::data $token]"
    exit 1
}
set choice [lindex [dict get [json::json2dict [http::data $token]] choices] 0]
puts [dict get $choice message content]
