#include <fmt/format.h>

#include "src/base/record.h"
#include "src/state/pending.h"
#include "src/state/store.h"

namespace kip::state {
namespace {

constexpr std::string_view kFirstLine = "kip pending 1";
constexpr const char* kKind = "pending";

bool take_line(std::string_view line, Pending& pending) {
  const std::string_view kind = take_word(line);
  const auto value = percent_decode(line);
  if (!value) return false;
  if (kind == "module") {
    pending.modules.push_back({*value, ""});
  } else if (kind == "rule" && !pending.modules.empty()) {
    pending.modules.back().rule = *value;
  } else if (kind == "argument") {
    pending.arguments.push_back(*value);
  } else {
    return false;
  }
  return true;
}

Result<Pending> read_one(const Root& root, const std::string& kernel) {
  const auto bytes = TRY(read_record(root, kKind, kernel, kPendingLimit));
  auto pending = parse_pending(as_text(bytes), kernel);
  if (!pending) return fail(Errc::kUnsupported, "is no record of a kind that is known here");
  return std::move(*pending);
}

}  // namespace

std::string to_text(const Pending& pending) {
  const auto encode = [](const std::string& text) { return percent_encode(text, Blanks::kKeep); };
  std::string text = std::string(kFirstLine) + "\n";
  for (const PendingModule& module : pending.modules)
    text += fmt::format("module {}\nrule {}\n", encode(module.name), encode(module.rule));
  for (const std::string& argument : pending.arguments)
    text += fmt::format("argument {}\n", encode(argument));
  return text;
}

std::optional<Pending> parse_pending(std::string_view text, const std::string& kernel) {
  Pending pending{kernel, {}, {}};
  const auto take = [&](std::string_view line) { return take_line(line, pending); };
  if (!take_lines(text, kFirstLine, take) || to_text(pending) != text) return std::nullopt;
  return pending;
}

Status write_pending(const std::string& root, const Pending& pending) {
  return put(root, kKind, pending.kernel, to_text(pending));
}

Status remove_pending(const std::string& root, const std::string& kernel) {
  return drop(root, kKind, kernel);
}

Result<PendingRecords> read_pending(const Root& root) {
  return read_records<PendingRecords>(root, kKind, "pending-unread", read_one);
}

}  // namespace kip::state
