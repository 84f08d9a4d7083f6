// Which modules belong into an image, in the form in which a manifest keeps it.
#pragma once

#include <functional>

#include "src/cli/module_choice.h"
#include "src/state/inputs.h"

namespace kip::cli {

/// What the caller knows of files that need not be hashed.
struct KnownFiles {
  /// Whether a module of the kernel's own is left to the base, which has it.
  std::function<bool(const state::ModuleInput&)> in_base;

  /// The digest of a file that nobody touched, by its path as in the inputs; may be empty.
  std::function<std::optional<digest::Sha256>(const std::string&, const state::Stamp&)> digest;
};

/// The closure of what is selected, with digests, and every decision. Nothing is in where something is to be refused.
Result<state::ModuleInputs> module_inputs(const Root& root, ModuleChoice& choice,
                                          const KnownFiles& known);

/// The method of an overlay by its name; "raw" for none.
std::string compression_name(const std::optional<codec::Method>& method);

}  // namespace kip::cli
