#include <algorithm>
#include <fmt/format.h>

#include "src/cli/effect.h"
#include "src/initrd-pack/served.h"

namespace kip::initrd_pack {
namespace {

using cli::RequestedCpu;
using cli::ServedRow;
using ucode::Vendor;

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

std::array<std::span<const ucode::Update>, 2> Server::streams() const {
  const auto stream = [&](Vendor vendor) {
    const auto* const member = checks::taken_member(inventory_, searches_, vendor);
    return member == nullptr ? std::span<const ucode::Update>() : image::seen_by_loader(*member);
  };
  return {stream(Vendor::kIntel), stream(Vendor::kAmd)};
}

void Server::add(const RequestedCpu& asked, const ucode::LoaderCpu& cpu, const std::string& bios,
                 std::vector<ServedRow>& rows) const {
  const auto has_digest = [&](std::size_t index, std::string_view sha256) {
    const auto* const member = checks::taken_member(inventory_, searches_, cpu.vendor);
    const auto digest = image::digest_of(source_, *member, member->updates[index]);
    return digest && *digest == sha256;
  };
  for (checks::Served& served : checks::serve(inventory_, searches_, cpu, kernel_, has_digest)) {
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
    if (row.update) row.effect = effect_on(asked, *row.update);
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

std::vector<ServedRow> Server::serve(const RequestedCpu& asked) const {
  const ucode::Selector& selector = asked.query.selector;
  std::vector<ServedRow> rows;
  const auto all = cli::loader_cases(asked, streams());
  for (const cli::LoaderCases& cpu : all) {
    std::vector<ServedRow> some;
    for (const cli::LoaderCase& it : cpu.cases) add(asked, it.cpu, it.bios, some);
    merge_bios(some);
    if (cpu.vendor == Vendor::kIntel && !selector.platform_flags) say_other_platforms(some);
    rows.insert(rows.end(), some.begin(), some.end());
  }
  // Where the other vendor has something, nobody asked about this one.
  const bool any = std::any_of(rows.begin(), rows.end(),
                               [](const ServedRow& row) { return row.update.has_value(); });
  const bool both = std::any_of(all.begin(), all.end(),
                                [&](const auto& it) { return it.vendor != all.front().vendor; });
  const auto of_other_vendor = [&](const ServedRow& row) {
    return !row.update && row.kernels.empty() && row.bios.empty() && row.platforms == 0;
  };
  if (any && both) std::erase_if(rows, of_other_vendor);
  if (rows.empty()) {
    rows.emplace_back();
    rows.back().label = asked.label;
    rows.back().why = "kernels have no microcode loader for this CPU";
  }
  return rows;
}

}  // namespace kip::initrd_pack
