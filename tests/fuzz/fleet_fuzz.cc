// A fleet's file. Input: its text; the first byte says how large the pieces are in which it comes.
//
// What is told, and what is wrong in which line, does not depend on the pieces; what is kept is within bounds.
#include <fmt/format.h>

#include "src/cli/fleet.h"
#include "tests/fuzz/fuzz.h"

namespace kip::fuzz {
namespace {

class Listener : public cli::FleetVisitor {
 public:
  Status machine(const host::Machine& machine, bool counts) override {
    require(machine.cpus.size() <= cli::FleetReader::kRecordLimit / 20, "kinds have a limit");
    std::string line = counts ? "machine" : "more";
    if (machine.hypervisor) line += " guest";
    for (const host::Cpu& cpu : machine.cpus) {
      line += fmt::format(" {} {:#x} {} x{}", cpu.vendor_id, cpu.signature.value,
                          cpu.revision.value_or(0), cpu.count);
    }
    told.push_back(std::move(line));
    return {};
  }
  Status spec(std::string_view text) override {
    require(!text.empty() && text.size() <= cli::FleetReader::kLineLimit,
            "a SPEC is part of a line");
    require(text.find('\n') == text.npos && text.find('#') == text.npos, "a SPEC is of one line");
    told.emplace_back(text);
    return {};
  }

  std::vector<std::string> told;
};

std::vector<std::string> read(std::string_view text, std::size_t piece) {
  Listener listener;
  cli::FleetReader reader(listener);
  Status status;
  for (std::size_t at = 0; status && at < text.size(); at += piece)
    status = reader.feed(text.substr(at, piece));
  if (status) status = reader.finish();
  if (!status) {
    require(status.error().what.starts_with("line "), "an error has its line");
    require(status.error().code == Errc::kInvalid || status.error().code == Errc::kLimit,
            "an error is the text's");
    listener.told.push_back(status.error().what);
  }
  return std::move(listener.told);
}

void run(Bytes input) {
  if (input.empty()) return;
  const std::string_view text = as_text(input.subspan(1));
  const std::size_t piece = std::size_t{1} + input[0] % 61;
  const auto whole = read(text, std::max<std::size_t>(text.size(), 1));
  require(read(text, piece) == whole, "pieces make no difference");
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
