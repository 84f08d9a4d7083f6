#include <algorithm>

#include "src/host/cpuinfo.h"
#include "src/host/text.h"

namespace kip::host {
namespace {

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == wanted) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::string_view key_of(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon == line.npos ? std::string_view() : trim(line.substr(0, colon));
}

std::string_view value_of(std::string_view line) {
  return trim(line.substr(line.find(':') + 1));
}

// Of LoongArch and MIPS the first is "system type".
bool begins_text(std::string_view key) {
  return key == "processor" || key == "vendor_id" || key == "cpu family" || key == "system type";
}

// Between paragraphs, comments and metrics may have colons, too.
bool may_begin_paragraph(std::string_view key) {
  return !key.starts_with('#') && key.find('{') == key.npos;
}

}  // namespace

void CpuinfoParagraph::take(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::string_view key = trim(line.substr(0, colon));
  const std::string_view value = value_of(line);
  if (key == "processor") processor = parse_number(value, 10);
  if (key == "vendor_id") vendor_id = value;
  if (key == "cpu family") family = parse_number(value, 10);
  if (key == "model") model = parse_number(value, 10);
  if (key == "stepping") stepping = parse_number(value, 10);
  if (key == "microcode") revision = parse_hex_line(value);
  if (key == "model name") model_name = value;
  if (key == "flags") hypervisor = has_word(value, "hypervisor");
}

std::optional<Cpu> CpuinfoParagraph::cpu() const {
  if (!family || !model) return std::nullopt;
  const auto signature = ucode::signature_of(*family, *model, stepping.value_or(0));
  if (!signature) return std::nullopt;
  Cpu cpu;
  cpu.vendor = vendor_of(vendor_id);
  cpu.vendor_id = vendor_id;
  cpu.signature = *signature;
  cpu.revision = revision;
  cpu.model_name = model_name;
  return cpu;
}

void count_cpu(std::vector<Cpu>& cpus, const Cpu& cpu) {
  const auto known = std::find_if(cpus.begin(), cpus.end(),
                                  [&](const Cpu& other) { return other.same_kind(cpu); });
  if (known == cpus.end()) {
    cpus.push_back(cpu);
  } else {
    ++known->count;
  }
}

bool CpuinfoReader::is_line(std::string_view line) const {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return false;
  const char behind = colon + 1 < line.size() ? line[colon + 1] : ' ';
  if (behind != ' ' && behind != '\t' && behind != '\r') return false;
  const std::string_view key = trim(line.substr(0, colon));
  return open_ || begins_text(key) || (!machine_.cpus.empty() && may_begin_paragraph(key));
}

Result<std::optional<Machine>> CpuinfoReader::take(std::string_view line) {
  std::optional<Machine> complete;
  const std::string_view key = key_of(line);
  const bool is_first = key == "processor";
  // Saved files may have lost their blank lines: a new processor begins a new paragraph as well.
  if (trim(line).empty() || (is_first && paragraph_.processor)) TRY(close());
  if (trim(line).empty()) return complete;
  // s390 numbers none, and begins with its vendor.
  const bool unnumbered = !last_ && !machine_.cpus.empty();
  const bool is_vendor = key == "vendor_id" && !open_ && !vendor_of(value_of(line));
  paragraph_.take(line);
  open_ = true;
  const bool again = is_first && last_ && paragraph_.processor.value_or(0) <= *last_;
  if (is_vendor) last_.reset();
  if (again || (unnumbered && is_first) || (is_vendor && !machine_.cpus.empty())) {
    complete = std::move(machine_);
    machine_ = {};
  }
  if (is_first) last_ = paragraph_.processor;
  return complete;
}

Result<std::optional<Machine>> CpuinfoReader::finish() {
  TRY(close());
  last_.reset();
  std::optional<Machine> complete;
  if (!machine_.cpus.empty()) complete = std::move(machine_);
  machine_ = {};
  return complete;
}

// A paragraph without processor number is what the kernels of some architectures say of the machine as a whole.
Status CpuinfoReader::close() {
  if (!open_) return {};
  open_ = false;
  const CpuinfoParagraph paragraph = std::exchange(paragraph_, {});
  auto cpu = paragraph.cpu();
  if (!cpu && !paragraph.processor && paragraph.vendor_id.empty() && !paragraph.family) return {};
  const bool foreign = !vendor_of(paragraph.vendor_id) && !paragraph.family && !paragraph.model;
  if (!cpu && !foreign) {
    return fail(Errc::kInvalid, paragraph.family && paragraph.model
                                    ? "no CPU has this family, model and stepping"
                                    : "a CPU without family or model in a cpuinfo");
  }
  if (!cpu) {
    cpu.emplace();
    cpu->vendor_id = kNotX86;
  }
  count_cpu(machine_.cpus, *cpu);
  if (machine_.cpus.size() > kKindLimit)
    return fail(Errc::kLimit, "more than 1024 kinds of CPU in the cpuinfo of one machine");
  machine_.hypervisor = machine_.hypervisor || paragraph.hypervisor;
  return {};
}

}  // namespace kip::host
