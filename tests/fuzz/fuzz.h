// What the fuzz targets share: the one way to say that a property does not hold, choices made out
// of an input's bytes, and a record of what ucode::walk() says of a stream.
//
// A target is one file with LLVMFuzzerTestOneInput. It is linked twice: with libFuzzer, and with
// replay.cc, which runs the seeds of tests/fuzz/corpus/<target>/ in the ordinary tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/base/finding.h"
#include "src/base/input.h"
#include "tests/support/blob.h"
#include "ucode/walk.h"

namespace kip::fuzz {

/// Ends the process when a property does not hold: libFuzzer keeps the input, ctest turns red.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property does not hold: %s\n", property);
  std::abort();
}

/// Numbers and runs of bytes out of an input; zeros when it is used up.
class Choices {
 public:
  explicit Choices(Bytes bytes) : rest_(bytes) {}

  bool more() const { return !rest_.empty(); }
  Bytes rest() const { return rest_; }

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  /// REQUIRES: 0 < bound <= 256.
  std::uint32_t below(std::uint32_t bound) { return byte() % bound; }
  bool flip() { return (byte() & 1) != 0; }

  template <class T, std::size_t N>
  const T& one_of(const T (&all)[N]) {
    return all[below(N)];
  }

 private:
  Bytes rest_;
};

/// One thing that a walk reported: an update, or a fault.
struct Event {
  std::uint64_t offset = 0;
  std::string rule;  // empty: an update
  std::string text;
  bool operator==(const Event&) const = default;
};

/// What a walk reported, in order.
class Record : public ucode::UpdateSink {
 public:
  void update(const ucode::Update& update, Bytes whole) override {
    events.push_back({update.offset, "", ""});
    updates.push_back(update);
    wholes.emplace_back(whole.begin(), whole.end());
  }
  void fault(const Finding& finding, const ucode::Update*) override {
    require(finding.offset.has_value(), "a walk says where a fault is");
    events.push_back({*finding.offset, finding.rule, finding.text});
  }

  /// Whether there was a fault other than one with the rule `but`.
  bool any_fault(std::string_view but = "") const {
    for (const Event& event : events) {
      if (!event.rule.empty() && event.rule != but) return true;
    }
    return false;
  }

  std::vector<Event> events;
  std::vector<ucode::Update> updates;
  std::vector<support::Blob> wholes;  // one an update; empty at Depth::kHeaders
};

inline Record walked(ucode::StreamKind kind, ucode::Depth depth, Bytes stream) {
  MemoryInput in(stream);
  Record record;
  require(ucode::walk(kind, depth, in, record).has_value(), "a walk over memory has no error");
  return record;
}

inline bool same_facts(const ucode::Update& a, const ucode::Update& b) {
  return a.vendor == b.vendor && a.offset == b.offset && a.size == b.size &&
         a.revision == b.revision && a.date == b.date && a.minimum_revision == b.minimum_revision &&
         a.targets == b.targets && a.data_size == b.data_size && a.checksum == b.checksum &&
         a.equivalence_id == b.equivalence_id && a.container == b.container &&
         a.table_cpus == b.table_cpus && a.table_cpus_behind == b.table_cpus_behind;
}

/// Updates lie in the stream, in order, none over another; `lead` bytes in front of each are its
/// own. At Depth::kWhole, the bytes handed out are those of the stream.
inline void require_places(const Record& record, Bytes stream, std::uint64_t lead) {
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < record.updates.size(); ++i) {
    const ucode::Update& update = record.updates[i];
    require(update.offset >= end + lead, "updates do not overlap and come in order");
    require(update.size <= stream.size() && update.offset <= stream.size() - update.size,
            "updates lie in the stream");
    end = update.offset + update.size;
    if (record.wholes[i].empty()) continue;
    const Bytes there = stream.subspan(update.offset, update.size);
    require(support::Blob(there.begin(), there.end()) == record.wholes[i],
            "an update's bytes are those at its offset");
  }
}

}  // namespace kip::fuzz

/// The name that libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
