#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <tuple>

#include "src/cli/module_inputs.h"
#include "src/image/sums.h"
#include "src/state/installed.h"

namespace kip::cli {
namespace {

using state::DecisionInput;
using state::FirmwareInput;
using state::ModuleInput;
using state::ModuleInputs;
using state::Stamp;

constexpr const char* kCauses[] = {"policy", "depends", "softdep", "weakdep", "firmware"};

class Gatherer {
 public:
  Gatherer(const Root& root, ModuleChoice& choice, const KnownFiles& known)
      : root_(root), choice_(choice), known_(known) {}

  Result<ModuleInputs> run() {
    const modules::Closure closure = TRY(choice_.closure());
    for (const DecidedModule& it : choice_.modules()) inputs_.decisions.push_back(decision(it));
    if (choice_.refusal()) return std::move(inputs_);
    for (const modules::Needed& it : closure.modules) TRY(add(it));
    for (const modules::NeededFirmware& it : closure.firmware) TRY(add(it));
    TRY(add_modprobe(closure));
    sort(inputs_.modules);
    sort(inputs_.firmware);
    return std::move(inputs_);
  }

 private:
  template <class List>
  static void sort(List& list) {
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return std::tie(a.name, a.path) < std::tie(b.name, b.path);
    });
  }

  static std::string rule_of(const DecidedModule& module) {
    const policy::ModuleRule* const winner = module.decision.winner;
    return winner == nullptr ? "" : to_text(*winner);
  }

  static DecisionInput decision(const DecidedModule& it) {
    const modules::ModuleFile& file = it.module.file;
    if (!it.left_out.empty()) return {file.name, file.path, "left-out", it.left_out};
    const char* const state = it.decision.required ? "required" : it.decision.in ? "in" : "out";
    return {file.name, file.path, state, rule_of(it)};
  }

  const DecidedModule* decided(const std::string& path) const {
    const auto& all = choice_.modules();
    const auto found = std::find_if(all.begin(), all.end(), [&](const DecidedModule& it) {
      return it.module.file.path == path;
    });
    return found == all.end() ? nullptr : &*found;
  }

  Result<digest::Sha256> digest_at(const std::string& place, const std::string& path,
                                   Stamp& stamp) const {
    auto digest = read_digest(place, path, stamp);
    if (!digest) digest.error().what = quote(place) + ": " + digest.error().what;
    return digest;
  }

  Result<digest::Sha256> read_digest(const std::string& place, const std::string& path,
                                     Stamp& stamp) const {
    const Fd file = TRY(root_.open(place, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    stamp = TRY(state::stamp_of(file.get()));
    if (known_.digest) {
      if (const auto digest = known_.digest(path, stamp)) return *digest;
    }
    const image::Range all{0, stamp.size};
    return TRY(image::read_sums(file.get(), stamp.size, {&all, 1})).whole;
  }

  Status add(const modules::Needed& needed) {
    const DecidedModule* const module = decided(needed.file.path);
    ModuleInput input;
    input.name = needed.file.name;
    input.path = needed.file.path;
    input.in_tree = module == nullptr;
    input.cause = kCauses[static_cast<int>(needed.cause)];
    input.of =
        needed.cause == modules::Cause::kPolicy && module != nullptr ? rule_of(*module) : needed.of;
    if (module != nullptr) input.version = module->module.version;
    if (!input.in_tree || !known_.in_base(input)) {
      const std::string place = choice_.tree().directory() + "/" + input.path;
      input.digest = TRY(digest_at(place, input.path, input.stamp));
    }
    inputs_.modules.push_back(std::move(input));
    return {};
  }

  Status add(const modules::NeededFirmware& needed) {
    FirmwareInput input{needed.name, needed.path, {}, {}, needed.of};
    input.digest = TRY(digest_at(needed.path, needed.path, input.stamp));
    inputs_.firmware.push_back(std::move(input));
    return {};
  }

  Status add_modprobe(const modules::Closure& closure) {
    const auto lines = choice_.tree().modprobe_lines(closure.modules);
    if (lines.empty()) return {};
    const std::string text = fmt::format("{}\n", fmt::join(lines, "\n"));
    inputs_.modprobe = TRY(digest::sha256(as_bytes(text)));
    return {};
  }

  const Root& root_;
  ModuleChoice& choice_;
  const KnownFiles& known_;
  ModuleInputs inputs_;
};

}  // namespace

Result<ModuleInputs> module_inputs(const Root& root, ModuleChoice& choice,
                                   const KnownFiles& known) {
  return Gatherer(root, choice, known).run();
}

std::string compression_name(const std::optional<codec::Method>& method) {
  return method ? codec::method_name(*method) : "raw";
}

}  // namespace kip::cli
