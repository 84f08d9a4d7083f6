#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "src/cli/loader_source.h"

namespace kip::cli {
namespace {

using Streams = std::array<std::span<const ucode::Update>, 2>;
using ucode::Vendor;

constexpr Vendor kVendors[] = {Vendor::kIntel, Vendor::kAmd};

std::span<const ucode::Update> stream_of(const Streams& streams, Vendor vendor) {
  return streams[static_cast<std::size_t>(vendor)];
}

std::vector<Vendor> vendors_of(const ucode::Selector& asked) {
  if (asked.vendor) return {*asked.vendor};
  std::vector<Vendor> vendors;
  for (const Vendor vendor : kVendors) {
    if (ucode::has_loader(vendor, {asked.signature})) vendors.push_back(vendor);
  }
  return vendors;
}

// Of those that the stream has something for; the one that was named, if there is none.
std::set<ucode::CpuSignature> signatures(const ucode::Selector& asked, Vendor vendor,
                                         std::span<const ucode::Update> stream) {
  std::set<ucode::CpuSignature> found;
  for (const ucode::Update& update : stream) {
    for (const ucode::Target& target : update.targets) {
      if (asked.matches_cpu(vendor, target.signature)) found.insert(target.signature);
    }
  }
  if (found.empty()) found.insert({asked.signature});
  return found;
}

// One bit each; where the platform is not known, every one that the stream has something for.
std::vector<std::uint32_t> platforms(const ucode::Selector& asked, Vendor vendor,
                                     ucode::CpuSignature cpu,
                                     std::span<const ucode::Update> stream) {
  std::uint32_t flags = asked.platform_flags.value_or(0);
  if (vendor == Vendor::kIntel && !asked.platform_flags) {
    for (const ucode::Update& update : stream) {
      for (const ucode::Target& target : update.targets) {
        if (target.signature == cpu) flags |= target.platform_flags;
      }
    }
  }
  std::vector<std::uint32_t> bits;
  for (; flags != 0; flags &= flags - 1) bits.push_back(flags & (~flags + 1));
  if (bits.empty() || vendor == Vendor::kAmd) bits = {0};
  return bits;
}

// With the EntrySign fix a BIOS makes a difference; without, any will do.
std::vector<std::uint32_t> revisions(const RequestedCpu& asked, Vendor vendor,
                                     ucode::CpuSignature cpu) {
  auto all = ucode::bios_revisions(vendor, cpu, asked.query.proven);
  if (all.size() > 1) all.erase(all.begin());
  return all;
}

}  // namespace

const char* bios_text(ucode::EntrySignClass side) {
  return side == ucode::EntrySignClass::kFixed ? "a BIOS with the EntrySign fix"
                                               : "a BIOS without the EntrySign fix";
}

std::vector<LoaderCases> loader_cases(const RequestedCpu& asked, const Streams& streams,
                                      std::optional<std::uint32_t> revision) {
  const ucode::Selector& selector = asked.query.selector;
  std::vector<LoaderCases> all;
  for (const Vendor vendor : vendors_of(selector)) {
    const auto stream = stream_of(streams, vendor);
    for (const ucode::CpuSignature signature : signatures(selector, vendor, stream)) {
      LoaderCases cases{vendor, signature, {}};
      const auto left =
          revision ? std::vector<std::uint32_t>{*revision} : revisions(asked, vendor, signature);
      for (const std::uint32_t it : left) {
        const bool matters = !revision && (left.size() > 1 || asked.query.proven);
        const auto side = ucode::entrysign_class(it).value_or(ucode::EntrySignClass::kOld);
        const std::string bios = matters ? bios_text(side) : "";
        for (const std::uint32_t bit : platforms(selector, vendor, signature, stream))
          cases.cases.push_back({{vendor, signature, bit, it}, bios});
      }
      all.push_back(std::move(cases));
    }
  }
  return all;
}

std::vector<RequestedCpu> every_cpu(const Streams& streams) {
  std::vector<ucode::Candidate> candidates;
  for (const auto& stream : streams) {
    for (const ucode::Update& update : stream) candidates.push_back({&update, true});
  }
  std::vector<RequestedCpu> cpus;
  for (const ucode::CpuQuery& query : ucode::every_cpu(candidates)) {
    cpus.push_back(unseen_cpu(query));
  }
  return cpus;
}

}  // namespace kip::cli
