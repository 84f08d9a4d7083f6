#include <algorithm>
#include <fmt/format.h>

#include "src/cli/fleet_reader.h"
#include "src/cli/json.h"
#include "src/host/node_cpu_info.h"

namespace kip::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

tl::unexpected<Error> at_line(std::size_t number, const Error& error) {
  return fail(error.code, fmt::format("line {}: {}", number, error.what));
}

}  // namespace

Status FleetReader::feed(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t number = line_number_;
    const Status status = record_line_ != 0 ? feed_record(piece) : feed_line(piece);
    if (!status) return at_line(record_line_ != 0 ? record_line_ : number, status.error());
  }
  return {};
}

Status FleetReader::finish() {
  if (record_line_ != 0)
    return at_line(record_line_, {Errc::kInvalid, "a JSON record that does not end", {}, 0});
  if (array_line_ != 0)
    return at_line(array_line_, {Errc::kInvalid, "a JSON array that does not end", {}, 0});
  const std::size_t number = line_number_;
  Status status = line_.empty() ? Status() : end_line(std::exchange(line_, {}));
  if (status) status = end_cpuinfo();
  return status ? Status() : at_line(number, status.error());
}

// Where a line begins: whether a record or an array does so, ends, or goes on. Takes what is in front of the next record.
Result<bool> FleetReader::feed_json(std::string_view& piece) {
  const char first = piece.empty() ? '\0' : piece.front();
  if (first == '{') {
    TRY(end_cpuinfo());
    record_line_ = line_number_;
    return true;
  }
  if (array_line_ == 0 && first != '[') return false;
  if (first == '[' && array_line_ == 0) {
    array_line_ = line_number_;
  } else if (first == ']') {
    array_line_ = 0;
  } else if (first == '\n') {
    ++line_number_;
  } else if (first != ',' && first != '\0') {
    return fail(Errc::kInvalid, "an array of something else than records of `host --json`");
  }
  piece.remove_prefix(std::min<std::size_t>(1, piece.size()));
  return true;
}

Status FleetReader::feed_line(std::string_view& piece) {
  if (line_.empty()) {
    piece.remove_prefix(std::min(piece.find_first_not_of(kBlanks), piece.size()));
    if (TRY(feed_json(piece))) return {};
  }
  const std::size_t end = std::min(piece.find('\n'), piece.size());
  if (line_.size() + end > kLineLimit)
    return fail(Errc::kLimit, fmt::format("longer than {} bytes", kLineLimit));
  const bool complete = end < piece.size();
  if (line_.empty() && complete) {
    TRY(end_line(piece.substr(0, end)));
  } else {
    line_ += piece.substr(0, end);
    if (complete) TRY(end_line(line_));
    if (complete) line_.clear();
  }
  piece.remove_prefix(std::min(end + 1, piece.size()));
  if (complete) ++line_number_;
  return {};
}

Status FleetReader::feed_record(std::string_view& piece) {
  std::size_t at = 0;
  bool complete = false;
  while (at < piece.size() && !complete) {
    const char c = piece[at++];
    if (c == '\n') ++line_number_;
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      complete = --depth_ == 0;
    }
  }
  if (record_.size() + at > kRecordLimit)
    return fail(Errc::kLimit, fmt::format("a JSON record of more than {} bytes", kRecordLimit));
  record_ += piece.substr(0, at);
  piece.remove_prefix(at);
  return complete ? end_record() : Status();
}

Status FleetReader::end_record() {
  TRY(visitor_.machine(TRY(machine_from_json(record_)), /*counts=*/true));
  record_.clear();
  record_line_ = 0;
  return {};
}

Status FleetReader::end_line(std::string_view line) {
  // Trimmed later where it matters: in a cpuinfo, blanks tell a key from a vendor's prefix.
  if (trimmed(line).empty() || cpuinfo_.is_line(line)) return take_cpuinfo(line);
  const Status status = end_cpuinfo();
  return status ? take(line) : status;
}

Status FleetReader::take(std::string_view line) {
  if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) metrics_ = true;
  if (line.starts_with(host::kNodeCpuInfo)) {
    const std::string_view behind = line.substr(host::kNodeCpuInfo.size());
    if (behind.starts_with('{') || behind.starts_with(' ')) return take_metric(line);
  }
  const bool labelled = line.find('{') != line.npos;
  if ((metrics_ || labelled) && host::is_sample(line)) return {};
  line = trimmed(line.substr(0, line.find('#')));
  if (line.empty()) return {};
  if (line == "host" || line == "all" || line.starts_with('@'))
    return fail(Errc::kInvalid, "a list of CPUs names each of them: no host, all or @FILE in it");
  return visitor_.spec(line);
}

Status FleetReader::take_cpuinfo(std::string_view line) {
  const auto machine = TRY(cpuinfo_.take(line));
  return machine ? visitor_.machine(*machine, /*counts=*/true) : Status();
}

Status FleetReader::end_cpuinfo() {
  const auto machine = TRY(cpuinfo_.finish());
  return machine ? visitor_.machine(*machine, /*counts=*/true) : Status();
}

Status FleetReader::take_metric(std::string_view line) {
  const host::NodeCpu node = TRY(host::parse_node_cpu_info(line));
  host::Machine machine;
  machine.cpus.push_back(node.cpu);
  machine.hypervisor = node.guest;
  machine.name = node.instance;
  return visitor_.machine(machine, node.is_first);
}

}  // namespace kip::cli
