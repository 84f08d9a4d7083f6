// AMD containers. Input: the stream.
//
// The two depths of the walk tell one story; what we find for a CPU in a stream without faults is
// what the kernel's scan finds, by patch id and by table, with and without class selection.
#include <algorithm>
#include <set>

#include "tests/fuzz/fuzz.h"
#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"
#include "tests/ucode/model_of.h"
#include "ucode/amd.h"
#include "ucode/loader.h"

namespace kip::fuzz {
namespace {

void require_facts(const ucode::Update& update, const support::Blob& patch) {
  require(update.size >= 64 && update.size == patch.size(), "a patch is as large as it says");
  require(support::get32(patch, 4) == update.revision, "the patch id is the one that stands there");
  require(!update.targets.empty(), "a patch that is reported is for some CPU");
  if (!ucode::is_zen(ucode::amd_family(update.equivalence_id))) return;
  const std::uint32_t cpuid = support::zen_cpuid(update.revision);
  require(update.targets.size() == 1 && update.targets.front().signature.value == cpuid,
          "a Zen patch is for the CPU in its id");
  require(ucode::zen_lowest_revision({cpuid}) == support::zen_lowest_revision(cpuid),
          "lowest revisions agree");
}

// The kernel stops for good at a patch that is too large for the running family, ours goes on: on
// families up to 14h a newer CPU's patch in front hides what is behind it.
bool hidden_by_size(const Record& record, ucode::CpuSignature cpu) {
  return std::any_of(record.updates.begin(), record.updates.end(), [&](const ucode::Update& it) {
    return it.size > ucode::amd_size_limit(cpu.family());
  });
}

void require_loader_agrees(const Record& record, Bytes stream, const ucode::LoaderCpu& cpu,
                           const support::KernelRules& rules) {
  const auto ours = ucode::loader_pick(record.updates, cpu, ucode::model_of(rules));
  const auto theirs = support::kernel_amd(stream, cpu.signature.value, cpu.revision, rules);
  require(theirs.outcome != support::AmdOutcome::kUndefined, "no table that Linux reads beyond");
  require(ours.has_value() == theirs.loaded(), "the model of the loader loads when it does");
  require(!ours || record.updates[*ours].offset == theirs.candidate->offset, "and the same patch");
}

// The last patch for a CPU in the first container is what a CPU that runs nothing newer loads.
void require_found(const Record& record, Bytes stream, ucode::CpuSignature cpu) {
  const ucode::Update* last = nullptr;
  for (const ucode::Update& update : record.updates) {
    const bool for_it = std::any_of(update.targets.begin(), update.targets.end(),
                                    [&](const ucode::Target& it) { return it.signature == cpu; });
    if (update.container == 0 && for_it) last = &update;
  }
  if (last == nullptr) return;
  support::KernelRules rules;
  rules.sha = false;
  const auto pick = support::kernel_amd(stream, cpu.value, 0, rules);
  require(pick.loaded() && pick.candidate->offset == last->offset,
          "the kernel finds each CPU's last patch of the first container");
}

void run(Bytes stream) {
  const Record headers = walked(ucode::StreamKind::kAmd, ucode::Depth::kHeaders, stream);
  Record whole = walked(ucode::StreamKind::kAmd, ucode::Depth::kWhole, stream);
  std::erase_if(whole.events, [](const Event& event) { return event.rule == ucode::kRuleAmdData; });
  require(headers.events == whole.events, "both depths report the same things");
  require_places(headers, stream, 8);
  require_places(whole, stream, 8);
  std::set<ucode::CpuSignature> cpus;
  for (std::size_t i = 0; i < whole.updates.size(); ++i) {
    const ucode::Update& update = whole.updates[i];
    require(same_facts(headers.updates[i], update), "both depths report the same facts");
    require_facts(update, whole.wholes[i]);
    for (const ucode::Target& target : update.targets) cpus.insert(target.signature);
    cpus.insert(update.table_cpus.begin(), update.table_cpus.end());
  }
  if (whole.any_fault(ucode::kRuleAmdOddity)) return;
  for (const ucode::CpuSignature cpu : cpus) {
    if (!ucode::has_loader(ucode::Vendor::kAmd, cpu)) continue;
    if (!hidden_by_size(whole, cpu)) require_found(whole, stream, cpu);
    const auto by_id = support::KernelRules::linux_6_12_60();
    const auto by_table = support::KernelRules::linux_6_1();
    const auto by_class = support::KernelRules::linux_6_19();
    const ucode::LoaderCpu bare{ucode::Vendor::kAmd, cpu, 0, 0};
    require_loader_agrees(whole, stream, bare, by_id);
    require_loader_agrees(whole, stream, bare, by_table);
    const std::uint32_t lowest = ucode::zen_lowest_revision(cpu);
    for (const std::uint32_t revision : {lowest + 1, lowest + 0xff}) {
      const ucode::LoaderCpu running{ucode::Vendor::kAmd, cpu, 0, revision};
      require_loader_agrees(whole, stream, running, by_class);
    }
  }
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
