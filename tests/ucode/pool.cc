#include <fmt/format.h>

#include "tests/support/amd_blob.h"
#include "tests/ucode/pool.h"

namespace kip::ucode {

Pool& Pool::add(Update update) {
  update.date = 0x11112025;
  update.size = 1024;
  updates_.push_back(std::move(update));
  return *this;
}

Pool& Pool::intel(std::uint32_t revision, std::initializer_list<PoolTarget> targets) {
  Update update;
  update.revision = revision;
  update.checksum = revision * 2654435761U;
  for (const PoolTarget& target : targets)
    update.targets.push_back({{target.signature}, target.platform_flags});
  return add(std::move(update));
}

Pool& Pool::zen(std::uint32_t patch_id) {
  const std::uint32_t cpuid = support::zen_cpuid(patch_id);
  return amd(patch_id, support::zen_equivalence(cpuid), {cpuid});
}

Pool& Pool::amd(std::uint32_t patch_id, std::uint16_t equivalence_id,
                std::initializer_list<std::uint32_t> cpus) {
  Update update;
  update.vendor = Vendor::kAmd;
  update.revision = patch_id;
  update.equivalence_id = equivalence_id;
  for (const std::uint32_t cpu : cpus) {
    update.targets.push_back({{cpu}, 0});
    update.table_cpus.push_back({cpu});
  }
  return add(std::move(update));
}

Pool& Pool::broken() {
  return broken_.insert(updates_.size() - 1), *this;
}

Pool& Pool::other_bytes() {
  return updates_.back().checksum += 1, *this;
}

std::vector<Candidate> Pool::candidates() const {
  std::vector<Candidate> out;
  for (std::size_t i = 0; i < updates_.size(); ++i)
    out.push_back({&updates_[i], !broken_.contains(i)});
  return out;
}

Selection Pool::answer(std::initializer_list<const char*> specs,
                       const SelectOptions& options) const {
  std::vector<CpuQuery> queries;
  for (const char* const spec : specs) queries.push_back(query(spec));
  return select(candidates(), queries, options);
}

std::string Pool::revisions_of(const Selection& selection, std::size_t query) const {
  std::string out;
  for (const std::size_t choice : selection.answers.at(query).choices) {
    const std::size_t candidate = selection.choices.at(choice).candidates.front();
    out += fmt::format("{}{:#x}", out.empty() ? "" : " ", updates_[candidate].revision);
  }
  return out.empty() ? "nothing" : out;
}

std::string Pool::revisions(const char* spec, const SelectOptions& options) const {
  return revisions_of(answer({spec}, options), 0);
}

std::vector<std::string> Pool::verdicts(const char* spec, const SelectOptions& options) const {
  return verdicts_of(answer({spec}, options));
}

std::vector<std::string> verdicts_of(const Selection& selection) {
  std::vector<std::string> out;
  out.reserve(selection.verdicts.size());
  for (const Verdict verdict : selection.verdicts) out.emplace_back(verdict_text(verdict));
  return out;
}

std::vector<Selector> selectors(std::initializer_list<const char*> specs) {
  std::vector<Selector> out;
  for (const char* const spec : specs) out.push_back(parse_selector(spec).value());
  return out;
}

CpuQuery query(const char* spec, std::optional<EntrySignClass> proven) {
  return {parse_selector(spec).value(), proven};
}

}  // namespace kip::ucode
