// Intel streams. Input: a byte of options, then the stream.
//
// The two depths of the walk tell one story; every update that passes our checks passes the
// kernel's, and a stream in which we find no fault is one that the kernel reads to its end.
#include "tests/fuzz/fuzz.h"
#include "tests/support/kernel_intel.h"
#include "tests/ucode/model_of.h"
#include "ucode/intel.h"
#include "ucode/loader.h"

namespace kip::fuzz {
namespace {

using support::get32;
using support::put32;

constexpr std::uint8_t kRepairSums = 1;   // options: make all checksums right,
constexpr std::uint8_t kRepairCount = 2;  // and the extended tables' counts

// Mutation alone does not get past three checksums.
void repair(support::Blob& stream, bool count_too) {
  for (std::size_t at = 0; stream.size() - at >= 48;) {
    const std::size_t data = get32(stream, at + 0x1C);
    const std::size_t body = 48 + (data != 0 ? data : 2000);
    const std::size_t total = data != 0 ? get32(stream, at + 0x20) : 2048;
    if (body > total || total > stream.size() - at) return;
    const auto part = [&](std::size_t from, std::size_t size) {
      return support::View(stream).subspan(at + from, size);
    };
    put32(stream, at + 0x10, get32(stream, at + 0x10) - support::sum32(part(0, body)));
    if (total - body >= 20) {
      const std::size_t entries = (total - body - 20) / 12;
      if (count_too) put32(stream, at + body, static_cast<std::uint32_t>(entries));
      const std::uint32_t wanted =
          get32(stream, at + 0x0C) + get32(stream, at + 0x10) + get32(stream, at + 0x18);
      for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = body + 20 + i * 12;
        put32(stream, at + entry + 8, wanted - support::sum32(part(entry, 8)));
      }
      const std::uint32_t sum = support::sum32(part(body, total - body));
      put32(stream, at + body + 4, get32(stream, at + body + 4) - sum);
    }
    at += total;
  }
}

// A checksum is all that the walk over headers cannot see.
void require_depths_agree(const Record& headers, const Record& whole) {
  require(headers.events.size() == whole.events.size(), "both depths report as many things");
  std::size_t next_whole = 0, next_header = 0;
  for (std::size_t i = 0; i < headers.events.size(); ++i) {
    const Event &shallow = headers.events[i], &deep = whole.events[i];
    require(shallow.offset == deep.offset, "both depths report the same places");
    require(shallow.rule == deep.rule || (shallow.rule.empty() && deep.rule == "intel-checks"),
            "both depths report the same things");
    if (deep.rule.empty()) {
      require(same_facts(headers.updates[next_header], whole.updates[next_whole++]),
              "both depths report the same facts");
    }
    if (shallow.rule.empty()) ++next_header;
  }
}

std::uint32_t lowest_bit(std::uint32_t flags) {
  return flags & (~flags + 1);
}

void require_kernel_takes(const ucode::Update& update, const support::Blob& alone) {
  require(update.size == alone.size(), "a whole update is as large as it says");
  const std::size_t table = update.targets.size() > 1 ? 20 + 12 * (update.targets.size() - 1) : 0;
  require(update.size == 48 + update.data_size + table ||
              (table == 0 && update.size == 48 + update.data_size + 20),
          "header, data and table make up the update");
  for (const ucode::Target& target : update.targets) {
    const support::IntelPick pick =
        support::kernel_intel(alone, target.signature.value, lowest_bit(target.platform_flags), 0);
    require(pick.fault == support::IntelFault::kNone, "the kernel finds no fault in it either");
    require(pick.picked.has_value() == (update.revision != 0), "the kernel takes it for its CPU");
    require(!pick.picked || pick.picked->revision == update.revision, "by the same revision");
  }
  for (std::size_t size = 0; size < alone.size(); ++size) {
    require(!ucode::parse_intel(Bytes(alone).first(size)), "no proper prefix is an update");
  }
  support::Blob longer = alone;
  longer.push_back(0);
  require(!ucode::parse_intel(longer), "an update with a byte behind it is none");
}

void require_loader_agrees(const Record& whole, Bytes stream) {
  require(support::kernel_intel(stream, 0, 0, 0).fault == support::IntelFault::kNone,
          "the kernel reads a stream without faults to its end");
  for (const ucode::Update& update : whole.updates) {
    const ucode::Target& target = update.targets.back();
    const ucode::LoaderCpu cpu{ucode::Vendor::kIntel, target.signature,
                               lowest_bit(target.platform_flags), 0};
    const auto ours = ucode::loader_pick(whole.updates, cpu, ucode::model_of({}));
    const auto theirs =
        support::kernel_intel(stream, cpu.signature.value, cpu.platform_flags, cpu.revision).picked;
    require(ours.has_value() == theirs.has_value(), "the model of the loader loads when it does");
    require(!ours || whole.updates[*ours].offset == theirs->offset, "and the same update");
  }
}

void run(Bytes input) {
  Choices choices(input);
  const std::uint8_t options = choices.byte();
  support::Blob stream(choices.rest().begin(), choices.rest().end());
  if ((options & kRepairSums) != 0) repair(stream, (options & kRepairCount) != 0);
  stream.shrink_to_fit();

  const Record headers = walked(ucode::StreamKind::kIntel, ucode::Depth::kHeaders, stream);
  const Record whole = walked(ucode::StreamKind::kIntel, ucode::Depth::kWhole, stream);
  require_depths_agree(headers, whole);
  require_places(headers, stream, 0);
  require_places(whole, stream, 0);
  for (std::size_t i = 0; i < whole.updates.size(); ++i)
    require_kernel_takes(whole.updates[i], whole.wholes[i]);
  if (!whole.any_fault()) require_loader_agrees(whole, stream);
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
