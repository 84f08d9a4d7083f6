#include <algorithm>
#include <map>

#include "src/checks/install_conf.h"
#include "src/policy/drop_ins.h"

namespace kip::checks {
namespace {

// The first one counts.
constexpr const char* kDirectories[] = {"/etc/kernel", "/run/kernel", "/usr/local/lib/kernel",
                                        "/usr/lib/kernel"};

// The first release whose kernel-install reads drop-ins.
constexpr unsigned kDropIns = 256;

tl::unexpected<Error> at(const std::string& path, const Error& error) {
  return fail(error.code, quote(path) + ": " + error.what);
}

Result<std::vector<KeyLine>> first_of(const Root& root, const std::string& name) {
  for (const std::string directory : kDirectories) {
    const std::string path = directory + "/" + name;
    if (!policy::drop_in_exists(root, path)) continue;
    auto lines = read_key_lines(root, path);
    if (!lines) return at(path, lines.error());
    return std::move(*lines);
  }
  return std::vector<KeyLine>();
}

}  // namespace

Result<std::vector<KeyLine>> read_install_conf(const Root& root, std::optional<unsigned> systemd) {
  std::vector<KeyLine> all = TRY(first_of(root, "install.conf"));
  if (systemd.value_or(kDropIns) < kDropIns) return all;
  std::map<std::string, std::string> drop_ins;  // by name: where it counts
  for (const std::string base : kDirectories) {
    const std::string directory = base + "/install.conf.d";
    for (const std::string& name : TRY(policy::drop_in_names(root, directory)))
      drop_ins.emplace(name, directory + "/" + name);
  }
  for (const auto& [name, path] : drop_ins) {
    auto lines = read_key_lines(root, path);
    if (!lines) return at(path, lines.error());
    all.insert(all.end(), lines->begin(), lines->end());
  }
  return all;
}

Result<std::vector<KeyLine>> read_uki_conf(const Root& root) {
  return first_of(root, "uki.conf");
}

std::vector<Finding> check_install_conf(const std::vector<KeyLine>& install,
                                        const std::vector<KeyLine>& uki) {
  std::vector<Finding> findings;
  const auto add = [&](const char* rule, const KeyLine& line, std::string text,
                       std::string remedy) {
    findings.push_back(
        {Severity::kWarning, rule, to_text(line.origin), {}, std::move(text), std::move(remedy)});
  };
  const KeyLine* const layout = last_of(install, "layout");
  if (layout == nullptr) return findings;
  if (layout->value == "ostree") {
    add(kRuleLayout, *layout,
        "layout=ostree: an image is part of its deployment, and kip leaves it",
        "rpm-ostree initramfs --enable, for an initrd of dracut's own");
  }
  if (layout->value != "uki") return findings;
  const KeyLine* const generator = last_of(install, "uki_generator");
  if (generator != nullptr && (generator->value == "dracut" || generator->value == "mkinitcpio" ||
                               generator->value.starts_with("mkosi"))) {
    add(kRuleSealed, *generator,
        "uki_generator=" + generator->value + ": the image is finished before kip comes to it",
        "uki_generator=ukify in that place");
  }
  const KeyLine* const microcode = last_of(uki, "Microcode");
  if (microcode != nullptr && !microcode->value.empty()) {
    add(kRuleDoubles, *microcode,
        "Microcode=" + microcode->value + ": it stands in front of kip's in the image, and wins",
        "take the line away, and refresh the image");
  }
  return findings;
}

}  // namespace kip::checks
