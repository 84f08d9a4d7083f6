// The image plugin's part about microcode: what the early part is for, and what is said of microcode of others.
//
//   MicrocodeStep microcode(plugin);
//   if (const auto code = microcode.read_settings()) return *code;
//   if (const auto failure = microcode.look()) …           // vendors() is empty then
//   image::JoinOptions options = microcode.options();      // holds, pins, SOURCE_DATE_EPOCH
#pragma once

#include <optional>
#include <set>
#include <string>

#include "src/cli/plugin.h"
#include "src/cli/staging.h"
#include "src/image/join.h"

namespace kip::cli {

/// The file that the loader entry of systemd from 254 on lists before every initrd.
std::string microcode_name(ucode::Vendor vendor);

/// What could not be read or written, and why.
struct Failure {
  std::string place;
  Error error;
};

/// Holds, pins, the target kernel and SOURCE_DATE_EPOCH. The failure's place is the key.
tl::expected<image::JoinOptions, Failure> join_options(const policy::MicrocodeSettings& settings,
                                                       const std::string& kernel,
                                                       const Messages& messages);

class MicrocodeStep {
 public:
  explicit MicrocodeStep(const Plugin& plugin) : plugin_(plugin) {}

  /// The exit code after an error, which was said.
  std::optional<int> read_settings();

  /// Looks at the early part in the staging area; nothing there is no failure.
  std::optional<Failure> look();

  std::string early() const { return plugin_.call().staging + "/" + kEarlyPart; }

  /// Whose CPUs it is for.
  const std::set<ucode::Vendor>& vendors() const { return vendors_; }
  void done_for(ucode::Vendor vendor) { vendors_.erase(vendor); }
  void done() { vendors_.clear(); }

  const image::JoinOptions& options() const { return options_; }

  /// Files microcode* of others, in front of what kip adds.
  void say_foreign(const Staging& staging) const;

  /// Whether a staged file of microcode stands in front of every initrd.
  bool stands_in_front(const Staging& staging, const std::string& name) const;

  /// What the generator packed in spite of Hold= or Pin=; `fate` begins with a comma.
  void say_forbidden(const std::string& source, const char* fate) const;

  /// What becomes of the image's own microcode, and of what is forbidden in it.
  void say_fate(const image::Join& join, const std::string& source) const;

 private:
  const Plugin& plugin_;
  std::set<ucode::Vendor> vendors_;
  image::JoinOptions options_;
};

}  // namespace kip::cli
