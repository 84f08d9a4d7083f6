#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "src/cli/effect.h"
#include "src/initrd-pack/served.h"

namespace kip::initrd_pack {
namespace {

using cli::RequestedCpu;
using cli::ServedRow;
using ucode::Vendor;

constexpr Vendor kVendors[] = {Vendor::kIntel, Vendor::kAmd};

std::vector<Vendor> vendors_of(const ucode::Selector& asked) {
  if (asked.vendor) return {*asked.vendor};
  std::vector<Vendor> vendors;
  for (const Vendor vendor : kVendors) {
    if (ucode::has_loader(vendor, {asked.signature})) vendors.push_back(vendor);
  }
  return vendors;
}

// With the EntrySign fix a BIOS makes a difference; without, any will do.
std::vector<std::uint32_t> bios_revisions(const RequestedCpu& asked, Vendor vendor,
                                          ucode::CpuSignature cpu) {
  auto revisions = ucode::bios_revisions(vendor, cpu, asked.query.proven);
  if (revisions.size() > 1) revisions.erase(revisions.begin());
  return revisions;
}

bool same_answer(const ServedRow& a, const ServedRow& b) {
  if (a.update.has_value() != b.update.has_value() || a.kernels != b.kernels) return false;
  return a.update ? a.update->offset == b.update->offset : a.why == b.why;
}

// An answer that holds for either BIOS names none.
void merge_bios(std::vector<ServedRow>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = i + 1; k < rows.size(); ++k) {
      if (rows[i].bios == rows[k].bios || rows[i].platforms != rows[k].platforms ||
          !same_answer(rows[i], rows[k]))
        continue;
      rows[i].bios.clear();
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(k));
      break;
    }
  }
}

// Asked for by name, a CPU may be on a platform that nothing in the image is for.
void say_other_platforms(std::vector<ServedRow>& rows) {
  constexpr std::uint32_t kAll = 0xff;  // the platform id has three bits
  std::uint32_t platforms = 0;
  for (const ServedRow& row : rows) {
    if (row.update) platforms |= row.platforms == 0 ? kAll : row.platforms;
  }
  if ((platforms & kAll) == kAll) return;
  const auto served = std::find_if(rows.rbegin(), rows.rend(),
                                   [](const ServedRow& row) { return row.update.has_value(); });
  if (served != rows.rend()) served->effect += "; on other platforms: nothing";
}

}  // namespace

std::span<const ucode::Update> Server::stream(Vendor vendor) const {
  const auto* const member = checks::taken_member(inventory_, searches_, vendor);
  return member == nullptr ? std::span<const ucode::Update>() : image::seen_by_loader(*member);
}

std::vector<ucode::CpuSignature> Server::signatures(const ucode::Selector& asked,
                                                    Vendor vendor) const {
  std::set<ucode::CpuSignature> found;
  for (const ucode::Update& update : stream(vendor)) {
    for (const ucode::Target& target : update.targets) {
      if (asked.matches_cpu(vendor, target.signature)) found.insert(target.signature);
    }
  }
  if (found.empty()) found.insert({asked.signature});
  return {found.begin(), found.end()};
}

// One bit each; where the platform is not known, every one that the image has something for.
std::vector<std::uint32_t> Server::platforms(const ucode::Selector& asked,
                                             const ucode::LoaderCpu& cpu) const {
  std::uint32_t flags = asked.platform_flags.value_or(0);
  if (cpu.vendor == Vendor::kIntel && !asked.platform_flags) {
    for (const ucode::Update& update : stream(cpu.vendor)) {
      for (const ucode::Target& target : update.targets) {
        if (target.signature == cpu.signature) flags |= target.platform_flags;
      }
    }
  }
  std::vector<std::uint32_t> bits;
  for (; flags != 0; flags &= flags - 1) bits.push_back(flags & (~flags + 1));
  if (bits.empty() || cpu.vendor == Vendor::kAmd) bits = {0};
  return bits;
}

void Server::add(const RequestedCpu& asked, bool guest, const ucode::LoaderCpu& cpu,
                 const std::string& bios, std::vector<ServedRow>& rows) const {
  for (checks::Served& served : checks::serve(inventory_, searches_, cpu, kernel_)) {
    ServedRow row;
    row.label = asked.label;
    row.platforms = cpu.platform_flags;
    row.update = std::move(served.update);
    row.why = std::move(served.why);
    row.kernels = std::move(served.kernels);
    row.bios = bios;
    row.running = asked.running;
    if (row.update && !asked.query.selector.takes_revision(row.update->revision)) {
      row.why = fmt::format("revision {:#010x} is not what was asked for", row.update->revision);
      row.update.reset();
    }
    if (row.update) {
      row.effect = effect_on(asked, *row.update, guest);
      const std::string digest = digest_clause(asked, *row.update, kernel_);
      if (!digest.empty()) row.effect += "; " + digest;
    }
    const auto alike = std::find_if(rows.begin(), rows.end(), [&](const ServedRow& other) {
      return other.bios == row.bios && same_answer(other, row);
    });
    if (alike == rows.end()) {
      rows.push_back(std::move(row));
    } else {
      alike->platforms |= row.platforms;
    }
  }
}

std::vector<ServedRow> Server::serve(const RequestedCpu& asked, bool guest) const {
  const ucode::Selector& selector = asked.query.selector;
  std::vector<ServedRow> rows;
  for (const Vendor vendor : vendors_of(selector)) {
    for (const ucode::CpuSignature signature : signatures(selector, vendor)) {
      std::vector<ServedRow> some;
      const auto revisions = bios_revisions(asked, vendor, signature);
      for (const std::uint32_t revision : revisions) {
        const bool fixed = ucode::entrysign_class(revision) == ucode::EntrySignClass::kFixed;
        const std::string bios = revisions.size() == 1 ? ""
                                 : fixed               ? "a BIOS with the EntrySign fix"
                                                       : "a BIOS without the EntrySign fix";
        ucode::LoaderCpu cpu{vendor, signature, 0, revision};
        for (const std::uint32_t bit : platforms(selector, cpu)) {
          cpu.platform_flags = bit;
          add(asked, guest, cpu, bios, some);
        }
      }
      merge_bios(some);
      if (vendor == Vendor::kIntel && !selector.platform_flags) say_other_platforms(some);
      rows.insert(rows.end(), some.begin(), some.end());
    }
  }
  // Where the other vendor has something, nobody asked about this one.
  const bool any = std::any_of(rows.begin(), rows.end(),
                               [](const ServedRow& row) { return row.update.has_value(); });
  const auto of_other_vendor = [&](const ServedRow& row) {
    return !row.update && row.kernels.empty() && row.bios.empty() && row.platforms == 0;
  };
  if (any && vendors_of(selector).size() > 1) std::erase_if(rows, of_other_vendor);
  if (rows.empty()) {
    rows.emplace_back();
    rows.back().label = asked.label;
    rows.back().why = "kernels have no microcode loader for this CPU";
  }
  return rows;
}

std::vector<RequestedCpu> Server::every_cpu() const {
  std::vector<ucode::Candidate> candidates;
  for (const Vendor vendor : kVendors) {
    for (const ucode::Update& update : stream(vendor)) candidates.push_back({&update, true});
  }
  std::vector<RequestedCpu> cpus;
  for (const ucode::CpuQuery& query : ucode::every_cpu(candidates)) {
    const ucode::CpuSignature cpu{query.selector.signature};
    cpus.push_back({query, fmt::format("{} {:#010x}", cpu.name(), cpu.value), std::nullopt});
  }
  return cpus;
}

}  // namespace kip::initrd_pack
