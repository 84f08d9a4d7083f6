#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

#include "src/checks/updates.h"
#include "ucode/amd.h"
#include "ucode/digests.h"
#include "ucode/trouble.h"

namespace kip::checks {
namespace {

using catalog::Entry;
using ucode::Update;
using ucode::Vendor;

class Checker {
 public:
  explicit Checker(const catalog::Catalog& catalog) : catalog_(catalog) {}

  std::vector<Finding> run() {
    for (const Entry& entry : catalog_.entries) {
      if (!entry.sound) continue;
      if (entry.update.vendor == Vendor::kAmd) check_amd(entry);
      check_twins(entry);
      check_trouble(entry);
    }
    check_names();
    return std::move(findings_);
  }

 private:
  void add(const Entry& entry, Severity severity, const char* rule, std::string text) {
    const catalog::Stream& stream = catalog_.stream_of(entry);
    findings_.push_back(
        {severity, rule, stream.place(), entry.file_offset(stream), std::move(text), ""});
  }

  void check_amd(const Entry& entry) {
    const Update& patch = entry.update;
    const auto* const listed = ucode::listed_digest(patch.revision, ucode::LoaderRules::newest());
    if (listed != nullptr && entry.digest && digest::to_hex(*entry.digest) != listed->sha256) {
      add(entry, Severity::kWarning, kRuleDigest,
          fmt::format("patch {:#010x} is not the one whose digest kernels list under this id: "
                      "damaged, or not AMD's",
                      patch.revision));
    }
    if (ucode::is_zen(ucode::amd_family(patch.equivalence_id)) && patch.minimum_revision != 0) {
      add(entry, Severity::kNote, kRuleBase,
          fmt::format("patch {:#010x} loads on top of {:#010x} or later only", patch.revision,
                      patch.minimum_revision));
    }
  }

  // The first of each stands for it. Intel's have a checksum over all of their bytes.
  void check_twins(const Entry& entry) {
    const Update& update = entry.update;
    const auto [it, is_new] =
        first_.try_emplace(std::tuple(update.vendor, update.targets, update.revision), &entry);
    if (is_new) return;
    const Entry& other = *it->second;
    const bool same = update.size == other.update.size &&
                      update.checksum == other.update.checksum && entry.digest == other.digest;
    if (same) return;
    const catalog::Stream& stream = catalog_.stream_of(other);
    add(entry, Severity::kWarning, kRuleTwins,
        fmt::format("update {:#010x} is in {} at offset {:#x} as well, with other bytes",
                    update.revision, quote(stream.place()), other.file_offset(stream)));
  }

  void check_trouble(const Entry& entry) {
    const ucode::Trouble* const known = ucode::known_trouble(entry.update);
    if (known == nullptr) return;
    add(entry, Severity::kWarning, kRuleTrouble,
        fmt::format("update {:#010x} for CPU {:#010x} is known to {} ({})", entry.update.revision,
                    known->cpu.value, known->what, known->source));
    findings_.back().remedy =
        "Hold=" + ucode::hold_selector(*known, entry.update.revision) + " leaves it out";
  }

  // Among files that are named after CPUs: whoever opens those by name misses these.
  void check_names() {
    std::set<ucode::CpuSignature> told;
    for (const catalog::Stream& stream : catalog_.streams) {
      const auto claim = catalog::claim_of(stream.path);
      if (claim && claim->signature) told.insert(*claim->signature);
    }
    for (const Entry& entry : catalog_.entries) {
      const auto claim = catalog::claim_of(catalog_.stream_of(entry).path);
      if (!entry.sound || !claim || !claim->signature) continue;
      for (const ucode::Target& target : entry.update.targets) {
        // Names do not hold the type (bits 13:12).
        const ucode::CpuSignature cpu{target.signature.value & ucode::kFamilyModelSteppingMask};
        if (!told.insert(cpu).second) continue;
        add(entry, Severity::kNote, kRuleNoFile,
            fmt::format(
                "CPU {} ({:#010x}) is served here, and by no file of its name: what goes by "
                "names misses it",
                target.signature.name(), target.signature.value));
      }
    }
  }

  const catalog::Catalog& catalog_;
  std::vector<Finding> findings_;
  std::map<std::tuple<Vendor, std::vector<ucode::Target>, std::uint32_t>, const Entry*> first_;
};

}  // namespace

std::vector<Finding> check_updates(const catalog::Catalog& catalog) {
  return Checker(catalog).run();
}

}  // namespace kip::checks
