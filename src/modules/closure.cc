#include <algorithm>
#include <array>
#include <deque>
#include <fnmatch.h>
#include <map>
#include <set>

#include "src/modules/firmware.h"
#include "src/modules/read.h"
#include "src/modules/state.h"

namespace kip::modules {
namespace {

/// Most modules of a closure, and most names that these ask for. Trees whose modules need hundreds of others exist; these
/// are for those that were made to take for ever.
constexpr std::size_t kMembersLimit = 4096;
constexpr std::size_t kWishesLimit = 20'000;

}  // namespace

/// One closure, while it grows. Reasons are worked off by their strength, so that whatever is there twice has the
/// strongest one: of a dependency that .modinfo names, it says who names it; the index has also those of its dependencies.
class Closing {
 public:
  Closing(Tree& tree, Tree::State& state) : tree_(tree), state_(state) {}

  Result<Closure> run(const std::vector<ModuleFile>& wanted, const Limits& limits) {
    for (const ModuleFile& file : sorted_by_name(wanted)) TRY(add({file, Cause::kPolicy, ""}));
    while (std::deque<Wish>* const queue = strongest()) {
      const Wish wish = std::move(queue->front());
      queue->pop_front();
      if (++followed_ > kWishesLimit) return fail(Errc::kLimit, "modules need too many others");
      TRY(follow(wish));
    }
    collect_firmware();
    keep_firmware_to_limit(limits.firmware);
    put_in_order();
    append_findings();
    return std::move(closure_);
  }

 private:
  struct Wish {
    std::string name;  // of a module; a path if `is_path`; else, for softdeps, perhaps an alias
    Cause cause = Cause::kDepends;
    std::string of;
    bool is_path = false;
  };

  struct Member {
    Needed needed;
    std::vector<std::string> firmware;
    std::set<std::string> depends;  // names
  };

  static std::vector<ModuleFile> sorted_by_name(std::vector<ModuleFile> files) {
    std::stable_sort(files.begin(), files.end(),
                     [](const ModuleFile& a, const ModuleFile& b) { return a.name < b.name; });
    return files;
  }

  // .modinfo's dependencies, the index's, softdeps, weakdeps.
  void wish(Wish its) {
    const std::size_t rank = its.cause == Cause::kDepends   ? (its.is_path ? 1 : 0)
                             : its.cause == Cause::kSoftdep ? 2
                                                            : 3;
    wishes_[rank].push_back(std::move(its));
  }

  // The wishes with the strongest reason; nullptr: there are none.
  std::deque<Wish>* strongest() {
    for (std::deque<Wish>& queue : wishes_) {
      if (!queue.empty()) return &queue;
    }
    return nullptr;
  }

  void miss(const Wish& wish) {
    if (missed_.insert({wish.name, wish.of}).second)
      closure_.missing.push_back({wish.name, wish.cause, wish.of});
  }

  Status follow(const Wish& wish) {
    if (wish.is_path) {
      const ModuleFile* const file = state_.file_at(wish.name);
      if (file == nullptr) return miss(wish), Status();
      members_[wish.of].depends.insert(file->name);
      return add({*file, wish.cause, wish.of});
    }
    const Meant meant =
        wish.cause == Cause::kDepends ? module_called(wish.name) : state_.lookup.meant(wish.name);
    if (meant.builtin) return {};
    bool found = false;
    for (const std::string& name :
         meant.names.empty() ? std::vector{module_name(wish.name)} : meant.names) {
      const ModuleFile* const file = state_.file_of(name);
      if (file == nullptr) continue;
      found = true;
      if (wish.cause == Cause::kDepends) members_[wish.of].depends.insert(name);
      TRY(add({*file, wish.cause, wish.of}));
    }
    if (!found) miss(wish);
    return {};
  }

  // What .modinfo depends on are names, never aliases.
  Meant module_called(const std::string& name) {
    Meant meant = state_.lookup.meant(name);
    if (meant.names != std::vector{name}) meant = {};
    return meant;
  }

  // One that is there already stays what it is.
  Status add(const Needed& needed) {
    const std::string& name = needed.file.name;
    if (members_.contains(name)) return {};
    if (members_.size() >= kMembersLimit) return fail(Errc::kLimit, "modules need too many others");
    if (unread_.contains(needed.file.path)) return miss({name, needed.cause, needed.of}), Status();
    const auto module = tree_.read(needed.file);
    if (!module && !state_.kmod) return tl::unexpected<Error>(module.error());  // no libkmod
    if (!module) {
      unread_.insert(needed.file.path);
      closure_.findings.push_back(unread(state_.directory, needed.file, module.error()));
      return miss({name, needed.cause, needed.of}), Status();
    }
    members_[name] = {needed, module->firmware, {}};
    for (const std::string& other : module->depends) wish({other, Cause::kDepends, name, false});
    if (const auto line = state_.lookup.line(name); line && line->path == needed.file.path) {
      for (const std::string& path : line->depends) wish({path, Cause::kDepends, name, true});
    }
    wish_all(module->softdep_pre, Cause::kSoftdep, name);
    wish_all(module->softdep_post, Cause::kSoftdep, name);
    wish_all(module->weakdeps, Cause::kWeakdep, name);
    wish_of_config(name);
    return {};
  }

  void wish_all(const std::vector<std::string>& names, Cause cause, const std::string& of) {
    for (const std::string& name : names) wish({name, cause, of, false});
  }

  void wish_of_config(const std::string& name) {
    for (const auto& line : state_.modprobe_config().lines) {
      if (line.size() < 3 || (line[0] != "softdep" && line[0] != "weakdep")) continue;
      if (::fnmatch(module_name(line[1]).c_str(), name.c_str(), 0) != 0) continue;
      const std::span<const std::string> words = std::span(line).subspan(2);
      if (line[0] == "weakdep") {
        wish_all({words.begin(), words.end()}, Cause::kWeakdep, name);
        continue;
      }
      const Softdeps softdeps = split_softdeps(words);
      wish_all(softdeps.pre, Cause::kSoftdep, name);
      wish_all(softdeps.post, Cause::kSoftdep, name);
    }
  }

  void take_firmware(const std::string& name, const std::string& of) {
    const auto found = find_firmware(state_.root, state_.kernel, name);
    if (found) {
      closure_.firmware.push_back({name, found->path, found->size, of});
    } else {
      closure_.missing.push_back({name, Cause::kFirmware, of});
    }
  }

  void collect_firmware() {
    std::set<std::string> seen;
    for (const auto& [name, member] : members_) {
      for (const std::string& file : member.firmware) {
        if (seen.insert(file).second) take_firmware(file, name);
      }
    }
    auto& firmware = closure_.firmware;
    std::sort(firmware.begin(), firmware.end(),
              [](const NeededFirmware& a, const NeededFirmware& b) { return a.path < b.path; });
  }

  void keep_firmware_to_limit(std::uint64_t limit) {
    const auto beyond = keep_to_limit(closure_.firmware, limit);
    if (beyond) closure_.findings.push_back(*beyond);
  }

  // By name, but each behind what it depends on. Where an index has a circle, by name alone.
  void put_in_order() {
    std::set<std::string> placed;
    const auto place = [&](const auto& self, const std::string& name) -> void {
      const auto member = members_.find(name);
      if (member == members_.end() || !placed.insert(name).second) return;
      for (const std::string& other : member->second.depends) self(self, other);
      closure_.modules.push_back(member->second.needed);
    };
    for (const auto& [name, member] : members_) place(place, name);
  }

  void append_findings() {
    auto& findings = closure_.findings;
    const auto append = [&](const std::vector<Finding>& more) {
      findings.insert(findings.end(), more.begin(), more.end());
    };
    append(state_.lookup.findings());
    append(state_.modprobe_config().findings);
  }

  Tree& tree_;
  Tree::State& state_;
  std::array<std::deque<Wish>, 4> wishes_;
  std::map<std::string, Member> members_;                 // by name
  std::set<std::pair<std::string, std::string>> missed_;  // name, who asked
  std::set<std::string> unread_;                          // paths
  std::size_t followed_ = 0;
  Closure closure_;
};

const char* cause_text(Cause cause) {
  switch (cause) {
    case Cause::kPolicy:
      return "selected";
    case Cause::kDepends:
      return "depends on it";
    case Cause::kSoftdep:
      return "softdep on it";
    case Cause::kWeakdep:
      return "weakdep on it";
    case Cause::kFirmware:
      return "names this firmware";
  }
  return "";
}

Result<Closure> Tree::close(const std::vector<ModuleFile>& wanted, const Limits& limits) {
  return Closing(*this, *state_).run(wanted, limits);
}

std::vector<std::string> Tree::modprobe_lines(const std::vector<Needed>& modules) {
  std::set<std::string> names;
  for (const Needed& needed : modules) names.insert(needed.file.name);
  const auto is_about = [&](const std::string& word) {
    const std::string pattern = module_name(word);
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
        }))
      return true;
    const Meant meant = state_->lookup.meant(word);
    return !meant.builtin &&
           std::any_of(meant.names.begin(), meant.names.end(),
                       [&](const std::string& name) { return names.contains(name); });
  };
  std::vector<std::string> lines;
  for (const auto& words : state_->modprobe_config().lines) {
    if (words.size() < 3 || (words[0] != "options" && words[0] != "softdep") || !is_about(words[1]))
      continue;
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace kip::modules
