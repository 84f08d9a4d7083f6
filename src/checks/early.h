// The loader's eye on an image: which microcode it takes, and why it does not take the rest.
//
//   const auto findings = check_early_load(inventory, searches, kernel);
//
// Every finding has an offset in the image, a rule, and the kernel releases that it holds for. The rules
// are those of lib/earlycpio.c (src/segments/finder.h) and of the loaders' parsers (ucode/).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/checks/standing.h"
#include "ucode/kernel_rules.h"
#include "ucode/loader.h"

namespace kip::checks {

inline constexpr const char* kRuleShadowed =
    "early-shadowed";  // an earlier member of that name counts
inline constexpr const char* kRuleUnreachable =
    "early-unreachable";                                // behind compressed or misaligned data
inline constexpr const char* kRuleName = "early-name";  // "./kernel/…", "/kernel/…": never matched
inline constexpr const char* kRulePrefix = "early-prefix";  // "….bin.bak" is taken for "….bin"
inline constexpr const char* kRuleEmpty = "early-empty";    // found, empty, and no search goes on
inline constexpr const char* kRuleHardLink = "early-hard-link";  // its data is with a later name
inline constexpr const char* kRuleType = "early-type";           // a directory or link of that name
inline constexpr const char* kRuleOverrun = "early-overrun";  // reaches beyond the image: not found
inline constexpr const char* kRuleVoid = "early-void";  // one bad update: nothing of it is loaded
inline constexpr const char* kRuleUnaligned = "early-unaligned";  // data at no multiple of 16
inline constexpr const char* kRuleUnread = "early-unread";        // taken, but not looked into here
inline constexpr const char* kRuleMany = "early-many";  // more members than are looked into

/// In the order of the image. What costs an update that the loader would otherwise take is a warning or
/// an error; what changes nothing is a note.
std::vector<Finding> check_early_load(const image::Inventory& inventory, const Searches& searches);

/// Why a vendor's loader has nothing to choose from, whatever the CPU; nullopt: it has something.
std::optional<std::string> nothing_taken(const image::Inventory& inventory,
                                         const Searches& searches, ucode::Vendor vendor);

/// What a CPU gets from the image, on one kind of kernel.
struct Served {
  std::optional<ucode::Update> update;  // nullopt: nothing
  std::string kernels;                  // releases that this holds for; empty: all asked about
  std::string why;                      // nothing: the reason, in words
};

/// One for each answer that kernels, of those that `kernel` leaves open, give, oldest kernels first.
/// `has_digest` counts in what the loader chooses among.
std::vector<Served> serve(const image::Inventory& inventory, const Searches& searches,
                          const ucode::LoaderCpu& cpu,
                          const std::optional<ucode::KernelVersion>& kernel,
                          const ucode::HasDigest& has_digest = {});

}  // namespace kip::checks
