// Candidates for a selection, made of facts alone, and its answers in words.
#pragma once

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ucode/select.h"

namespace kip::ucode {

struct PoolTarget {
  std::uint32_t signature;
  std::uint32_t platform_flags;
};

class Pool {
 public:
  Pool& intel(std::uint32_t revision, std::initializer_list<PoolTarget> targets);
  Pool& zen(std::uint32_t patch_id);  // for the CPU that the id names
  Pool& amd(std::uint32_t patch_id, std::uint16_t equivalence_id,
            std::initializer_list<std::uint32_t> cpus);
  // -- Of the last one.
  Pool& broken();
  Pool& other_bytes();

  std::vector<Candidate> candidates() const;  // they point into the pool

  Selection answer(std::initializer_list<const char*> specs,
                   const SelectOptions& options = {}) const;

  // The revisions that one query gets, in order of writing: "0x2 0x4"; "nothing".
  std::string revisions(const char* spec, const SelectOptions& options = {}) const;

  // The verdict on every candidate.
  std::vector<std::string> verdicts(const char* spec, const SelectOptions& options = {}) const;

  std::string revisions_of(const Selection& selection, std::size_t query) const;

 private:
  Pool& add(Update update);

  std::vector<Update> updates_;
  std::set<std::size_t> broken_;
};

std::vector<std::string> verdicts_of(const Selection& selection);

// Selectors that a test knows to be good.
std::vector<Selector> selectors(std::initializer_list<const char*> specs);
CpuQuery query(const char* spec, std::optional<EntrySignClass> proven = std::nullopt);

}  // namespace kip::ucode
