// From --cpu and --firmware to a judged selection: what pack writes, and predict will explain.
#pragma once

#include "src/cli/sources.h"
#include "src/image/manifest.h"

namespace kip::cli {

class Choice {
 public:
  Choice(const SourceOptions& settings, const Messages& messages)
      : settings_(settings), messages_(messages) {}

  /// Resolves every option. kDone, or the code to end with after an error was said.
  ExitCode prepare();

  /// Reads the firmware, headers only or every update whole, and chooses.
  ExitCode read_and_choose(ucode::Depth depth) {
    return read_and_choose(catalog::ScanOptions{.depth = depth});
  }
  ExitCode read_and_choose(const catalog::ScanOptions& options);

  /// Chooses once more out of what was read, for other CPUs.
  void choose_for(std::vector<RequestedCpu> cpus);

  /// Says who is not served and what was left out. kNothing: a CPU asked for has no update;
  /// kFailed: its update is broken, or may be in a file that could not be read. With --allow-none, `all` and fleets the former is no failure.
  ExitCode judge() const;

  /// Whether there was anything to choose from. Where CPUs without an update are no failure only since `all` or a fleet was asked
  /// for, sources without one sound update are: a firmware package that is missing is not to look like success. kDone, or after
  /// an error kNothing or kFailed. Plugins do not ask: OnNone= says what it is to them.
  ExitCode judge_sources() const;

  /// The part of it that is about updates which are broken or could not be read: kDone, or kFailed.
  ExitCode judge_damage() const;

  /// All of these, by headers alone. What was found wrong with files is not said.
  ExitCode decide();

  const Root& root() const { return root_; }
  const CpuRequest& request() const { return request_; }
  const catalog::Catalog& catalog() const { return catalog_; }
  const ucode::Selection& selection() const { return selection_; }

  const ucode::SelectOptions& options() const { return options_; }

  /// Whoever is to be served: one a query and answer; for `all`, every CPU that there is microcode
  /// for.
  const std::vector<RequestedCpu>& cpus() const { return cpus_; }

  /// The preferred copy of a choice.
  const catalog::Entry& entry_of(std::size_t choice) const {
    return catalog_.entries[selection_.choices[choice].candidates.front()];
  }

  /// Who can load something of the selection: each CPU that an update was chosen for, once for each
  /// platform.
  std::vector<image::ManifestCpu> served() const;

  /// What pack reports, all but the output. `copies` holds, for each choice, the catalogue's entry
  /// that was written.
  PackReport summary(const std::vector<std::size_t>& copies) const;

 private:
  std::vector<RequestedCpu> list_cpus() const;
  ExitCode judge_broken(std::size_t cpu) const;
  ExitCode judge_unread(std::size_t cpu) const;
  void say_left_out() const;
  void say_trouble() const;
  void say_idle() const;
  std::string unserved_text(std::size_t cpu) const;
  void look_for_damage() const;
  std::string pair_effect(ucode::EntrySignClass group) const;
  std::string effect(const RequestedCpu& cpu, const ucode::Update& update,
                     std::size_t updates) const;

  const SourceOptions& settings_;
  const Messages& messages_;
  Root root_;
  CpuRequest request_;
  bool allow_none_ = false;
  ucode::SelectOptions options_;
  catalog::Catalog catalog_;
  std::vector<RequestedCpu> cpus_;
  ucode::Selection selection_;
};

}  // namespace kip::cli
