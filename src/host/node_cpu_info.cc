#include <algorithm>
#include <cctype>

#include "src/host/cpuinfo.h"
#include "src/host/node_cpu_info.h"
#include "src/host/text.h"

namespace kip::host {
namespace {

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

std::string_view take_name(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_char);
  const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool take_char(std::string_view& text, char wanted) {
  skip_blanks(text);
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

// As it is written: none of the values that count here has anything to escape.
std::optional<std::string_view> take_value(std::string_view& text) {
  if (!take_char(text, '"')) return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      const std::string_view value = text.substr(0, at);
      text.remove_prefix(at + 1);
      return value;
    }
  }
  return std::nullopt;
}

// The sample's value, and a time that may stand behind it.
bool is_value_and_time(std::string_view text) {
  text = trim(text);
  const std::size_t blank = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view value = text.substr(0, blank), time = trim(text.substr(blank));
  double number = 0;
  const auto is_number = [&](std::string_view it) {
    if (it.starts_with('+')) it.remove_prefix(1);  // "+Inf"
    const auto [end, error] = std::from_chars(it.data(), it.data() + it.size(), number);
    return error != std::errc::invalid_argument && end == it.data() + it.size();
  };
  return is_number(value) && (time.empty() || is_number(time));
}

// Calls `take` with each label. False if the text is no list of labels in braces.
template <class Take>
bool take_labels(std::string_view& text, Take take) {
  if (!take_char(text, '{')) return false;
  while (!take_char(text, '}')) {
    skip_blanks(text);
    const std::string_view name = take_name(text);
    if (name.empty() || !take_char(text, '=')) return false;
    const auto value = take_value(text);
    if (!value) return false;
    take(name, *value);
    if (!take_char(text, ',') && !text.starts_with('}')) return false;
  }
  return true;
}

struct Labels {
  std::optional<std::string_view> vendor, family, model, stepping, microcode, cpu, model_name,
      instance;

  void take(std::string_view name, std::string_view value) {
    if (name == "vendor") vendor = value;
    if (name == "family") family = value;
    if (name == "model") model = value;
    if (name == "stepping") stepping = value;
    if (name == "microcode") microcode = value;
    if (name == "cpu") cpu = value;
    if (name == "model_name") model_name = value;
    if (name == "instance") instance = value;
  }

  const char* missing() const {
    if (!vendor) return "vendor";
    if (!family) return "family";
    if (!model) return "model";
    if (!stepping) return "stepping";
    if (!microcode) return "microcode";
    return cpu ? nullptr : "cpu";
  }
};

// Sources: Linux, __vmx_vcpu_reset() and __svm_vcpu_reset(); QEMU, x86_cpu_realizefn(). Hyper-V has all bits set.
bool is_made_up(std::uint32_t revision) {
  return revision == 1 || revision == 0x01000065 || revision == 0xffffffff;
}

tl::unexpected<Error> refuse(const char* what) {
  return fail(Errc::kInvalid, std::string(kNodeCpuInfo) + ": " + what);
}

Result<Cpu> cpu_of(const Labels& labels) {
  Cpu cpu;
  cpu.vendor_id = labels.vendor->empty() ? kNotX86 : std::string(*labels.vendor);
  if (labels.family->empty() && labels.model->empty()) {
    cpu.vendor_id = kNotX86;
    return cpu;
  }
  const auto family = parse_number(*labels.family, 10), model = parse_number(*labels.model, 10),
             stepping = parse_number(labels.stepping->empty() ? "0" : *labels.stepping, 10);
  if (!family || !model || !stepping)
    return refuse("family, model and stepping are decimal numbers");
  const auto signature = ucode::signature_of(*family, *model, *stepping);
  if (!signature) return refuse("no CPU has this family, model and stepping");
  if (!labels.microcode->empty()) {
    cpu.revision = parse_hex_line(*labels.microcode);
    if (!cpu.revision) return refuse("microcode is a hexadecimal number");
  }
  cpu.signature = *signature;
  cpu.vendor = vendor_of(cpu.vendor_id);
  cpu.model_name = labels.model_name.value_or("");
  return cpu;
}

}  // namespace

Result<NodeCpu> parse_node_cpu_info(std::string_view line) {
  Labels labels;
  line.remove_prefix(kNodeCpuInfo.size());
  const auto take = [&](std::string_view name, std::string_view value) {
    labels.take(name, value);
  };
  if (!take_labels(line, take)) return refuse("the labels cannot be read");
  if (!is_value_and_time(line)) return refuse("no number behind the labels");
  if (const char* const missing = labels.missing())
    return fail(Errc::kInvalid, std::string(kNodeCpuInfo) + ": no label '" + missing + "'");
  const auto number = parse_number(*labels.cpu, 10);
  if (!number) return refuse("cpu is a decimal number");
  NodeCpu node{TRY(cpu_of(labels)), *number == 0, std::string(labels.instance.value_or("")), false};
  node.guest = node.cpu.revision && is_made_up(*node.cpu.revision);
  return node;
}

bool is_sample(std::string_view line) {
  if (take_name(line).empty()) return false;
  std::string_view behind = line;
  if (take_char(behind, '{')) {
    if (!take_labels(line, [](std::string_view, std::string_view) {})) return false;
  } else if (!line.starts_with(' ') && !line.starts_with('\t')) {
    return false;
  }
  return is_value_and_time(line);
}

}  // namespace kip::host
