# Marks its sandbox with ARGV[0] and port ARGV[1], and says on which device its model's sockets lie; then, for each line
# `MARK PORT` of standard input, says where it sees them.
require "find"
require "json"
require "socket"

OUTSIDE = %w[/proc /sys /dev].freeze
HELD = %w[src tmp home models run].freeze

def holds?(path, mark)
  File.binread(path).include?(mark)
rescue SystemCallError
  false
end

def sees_file?(mark)
  Find.find("/") do |path|
    Find.prune if OUTSIDE.include?(path)
    return true if path.include?(mark)
    next unless HELD.include?(path.split("/")[1]) && File.file?(path) && File.size(path) < 65_536
    return true if holds?(path, mark)
  end
  false
end

def open?(port)
  TCPSocket.new("127.0.0.1", port).close
  true
rescue SystemCallError
  false
end

def look(mark, port)
  processes = Dir.glob("/proc/[0-9]*")
  seen = {
    "environment" => processes.any? { |one| holds?("#{one}/environ", mark) },
    "files" => sees_file?(mark),
    "port" => open?(port),
    "processes" => processes.any? { |one| holds?("#{one}/cmdline", mark) },
    "secrets" => Dir.glob("/run/secrets/*").any? { |path| holds?(path, mark) },
    "sockets" => holds?("/proc/net/unix", mark),
  }
  seen.select { |_, is_seen| is_seen }.keys
end

own, port = ARGV
File.write("/tmp/#{own}", own)
listener = TCPServer.new("127.0.0.1", Integer(port))
hidden = UNIXServer.new("\0#{own}")
$stdout.sync = true
mounts = File.readlines("/proc/self/mountinfo").map(&:split)
puts mounts.find { |words| words[4] == "/run/jitney" }[2]
$stdin.each_line do |line|
  mark, number = line.split
  puts look(mark, Integer(number)).to_json
end
