// One recorded entry made current: what is to be done with it, and doing it.
//
//   Renewal renewal(root, survey, entry, messages);
//   cli::RefreshRow row = renewal.plan();       // touches nothing
//   if (renewal.has_work()) renewal.carry_out(row);
//
// What is done is verified: the entry is surveyed once more, and its files are read whole.
#pragma once

#include <memory>

#include "src/boot/generator.h"
#include "src/cli/early_swap.h"
#include "src/cli/refresh_report.h"
#include "src/cli/survey.h"

namespace kip::program {

class Renewal {
 public:
  /// All of them outlive it.
  Renewal(const Root& root, const cli::Survey& survey, const cli::Surveyed& entry,
          const cli::Messages& messages);

  cli::RefreshRow plan();

  /// After plan().
  bool has_work() const { return swap_ != nullptr || rebuild_; }

  /// The row's outcome becomes kFailed, with the reason, if it comes to nothing.
  void carry_out(cli::RefreshRow& row);

 private:
  bool waits(cli::RefreshRow& row) const;
  bool may_swap() const;
  bool needs_generator() const;
  Status run_generator() const;
  Status run_kernel_install() const;
  Status start(std::vector<std::string> words) const;
  Status rebuild() const;
  Status verify() const;
  bool is_current() const;

  const Root& root_;
  const cli::Survey& survey_;
  const cli::Surveyed& entry_;
  const cli::Messages& messages_;
  cli::Messages errors_;  // errors alone
  std::unique_ptr<cli::EarlySwap> swap_;
  std::optional<boot::Generator> generator_;
  bool rebuild_ = false;
};

}  // namespace kip::program
