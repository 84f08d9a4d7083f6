// The tables behind the digest question: amd.c get_cutoff_revision and amd_shas.c, as of
// Linux 6.19.
#include <algorithm>
#include <iterator>

#include "tests/support/kernel_amd.h"

namespace kip::support {
namespace {

enum class Since {
  kSha,
  kNaples,
  kZen5,
  kMoreModels,
  kMoreModels2
};  // the switch that brought the row's value

struct Cutoff {
  std::uint32_t key;     // revision >> 8
  std::uint32_t cutoff;  // last vulnerable revision
  Since since;
};

constexpr Cutoff kCutoffs[] = {
    {0x80012, 0x08001277, Since::kNaples},      {0x80082, 0x0800820F, Since::kSha},
    {0x83010, 0x0830107C, Since::kSha},         {0x86001, 0x0860010E, Since::kSha},
    {0x86081, 0x08608108, Since::kSha},         {0x87010, 0x08701034, Since::kSha},
    {0x8A000, 0x08A0000A, Since::kSha},         {0xA0010, 0x0A00107A, Since::kSha},
    {0xA0011, 0x0A0011DA, Since::kSha},         {0xA0012, 0x0A001243, Since::kSha},
    {0xA0082, 0x0A00820E, Since::kSha},         {0xA1011, 0x0A101153, Since::kSha},
    {0xA1012, 0x0A10124E, Since::kSha},         {0xA1081, 0x0A108109, Since::kSha},
    {0xA2010, 0x0A20102F, Since::kSha},         {0xA2012, 0x0A201212, Since::kSha},
    {0xA4041, 0x0A404109, Since::kSha},         {0xA5000, 0x0A500013, Since::kSha},
    {0xA6012, 0x0A60120A, Since::kSha},         {0xA7041, 0x0A704109, Since::kSha},
    {0xA7052, 0x0A705208, Since::kSha},         {0xA7080, 0x0A708009, Since::kSha},
    {0xA70C0, 0x0A70C009, Since::kSha},         {0xAA001, 0x0AA00116, Since::kSha},
    {0xAA002, 0x0AA00218, Since::kSha},         {0xB0021, 0x0B002146, Since::kZen5},
    {0xB0081, 0x0B008111, Since::kMoreModels},  {0xB1010, 0x0B101046, Since::kZen5},
    {0xB2040, 0x0B204031, Since::kZen5},        {0xB4040, 0x0B404031, Since::kZen5},
    {0xB4041, 0x0B404101, Since::kMoreModels2}, {0xB6000, 0x0B600031, Since::kZen5},
    {0xB6080, 0x0B608031, Since::kMoreModels},  {0xB7000, 0x0B700031, Since::kZen5},
};

constexpr std::uint32_t kOldNaplesCutoff = 0x0800126F;

// Listed since sha ...
constexpr std::uint32_t kListed[] = {
    0x08001227, 0x08001250, 0x0800126E, 0x0800126F, 0x0800820D, 0x08301025, 0x08301055, 0x08301072,
    0x0830107A, 0x0830107B, 0x0830107C, 0x0860010D, 0x08608108, 0x08701034, 0x08A00008, 0x08A0000A,
    0x0A00104C, 0x0A00104E, 0x0A001053, 0x0A001058, 0x0A001075, 0x0A001078, 0x0A001079, 0x0A00107A,
    0x0A001143, 0x0A001144, 0x0A00115D, 0x0A001173, 0x0A0011A8, 0x0A0011CE, 0x0A0011D1, 0x0A0011D3,
    0x0A0011D5, 0x0A001223, 0x0A001224, 0x0A001227, 0x0A001229, 0x0A00122E, 0x0A001231, 0x0A001234,
    0x0A001236, 0x0A001238, 0x0A00820C, 0x0A10113E, 0x0A101144, 0x0A101148, 0x0A10123E, 0x0A101244,
    0x0A101248, 0x0A108108, 0x0A20102D, 0x0A201210, 0x0A404107, 0x0A500011, 0x0A601209, 0x0A704107,
    0x0A705206, 0x0A708007, 0x0A70C005, 0x0AA00116, 0x0AA00212, 0x0AA00213, 0x0AA00215,
};

// ... and since sha_tsa.
constexpr std::uint32_t kListedTsa[] = {
    0x0A0011D7, 0x0A00123B, 0x0A00820D, 0x0A10114C, 0x0A10124C, 0x0A108109, 0x0A20102E, 0x0A201211,
    0x0A404108, 0x0A500012, 0x0A60120A, 0x0A704108, 0x0A705208, 0x0A708008, 0x0A70C008, 0x0AA00216,
};

template <std::size_t N>
bool contains(const std::uint32_t (&list)[N], std::uint32_t value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

}  // namespace

std::optional<std::uint32_t> kernel_amd_cutoff(std::uint32_t revision, const KernelRules& rules) {
  for (const Cutoff& row : kCutoffs) {
    if (row.key != revision >> 8) continue;
    if (row.since == Since::kZen5 && !rules.sha_zen5) return std::nullopt;
    if (row.since == Since::kMoreModels && !rules.more_models) return std::nullopt;
    if (row.since == Since::kMoreModels2 && !rules.more_models_2) return std::nullopt;
    if (row.since == Since::kNaples && !rules.naples) return kOldNaplesCutoff;
    return row.cutoff;
  }
  return std::nullopt;
}

bool kernel_amd_listed(std::uint32_t patch_id, const KernelRules& rules) {
  return contains(kListed, patch_id) || (rules.sha_tsa && contains(kListedTsa, patch_id));
}

}  // namespace kip::support
