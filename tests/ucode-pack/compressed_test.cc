// Compressed files in a tree: bombs, damage, and names that do not tell the truth.
#include <fmt/format.h>

#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::TempDir;

constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;

struct Method {
  const char* name;
  const char* suffix;
  const char* command;  // reads stdin, writes stdout
};

constexpr Method kMethods[] = {
    {"xz", ".xz", "xz -0 -c"}, {"zstd", ".zst", "zstd -q -1 -c"}, {"gzip", ".gz", "gzip -1 -c"}};

Blob update() {
  return IntelBlob().bytes();
}

Blob compressed(const Method& method, const Blob& bytes) {
  return support::text(support::must_run(
      {"sh", "-c", method.command}, {.input = support::to_string(bytes), .cwd = {}, .env = {}}));
}

// `count` bytes of zeros, in one stream.
Blob compressed_zeros(const Method& method, std::uint64_t count) {
  return support::text(support::must_run(
      {"sh", "-c", fmt::format("head -c {} /dev/zero | {}", count, method.command)}));
}

using Make = std::function<Blob(const Method&)>;

// `make` runs in the test, not where the table is built: the tools are slow.
Case row(const std::string& name, const Method& method, const std::string& file, const Make& make) {
  return {name + " " + method.name,
          [&method, file, make](const TempDir& dir) { dir.write("tree/" + file, make(method)); },
          {"--cpu", "0xb06f2"},
          0,
          {},
          {},
          {},
          {}};
}

Case taken(const std::string& name, const Method& method, const std::string& file, const Make& make,
           const std::string& why = "") {
  Case it = row(name, method, file, make);
  it.intel = update();
  if (!why.empty()) {
    it.complaints = {"warning: 'tree/" + file + "': " + why};
    it.faults = {"'tree/" + file + "': " + why};
  }
  return it;
}

Case left_out(const std::string& name, const Method& method, const std::string& file,
              const Make& make, const std::string& why = "") {
  Case it = taken(name, method, file, make, why);
  it.intel.clear();
  it.code = 3;
  it.complaints.emplace_back("error: 0xb06f2: no microcode found for it");
  return it;
}

// By its name or by what could be read of it, the file may hold the update asked for.
Case unread(const std::string& name, const Method& method, const std::string& file,
            const Make& make, const std::string& why) {
  Case it = left_out(name, method, file, make, why);
  it.code = 4;
  it.complaints.insert(
      it.complaints.begin() + 1,
      "error: 0xb06f2: 'tree/" + file + "' may hold its update, and could not be read");
  return it;
}

std::vector<Case> bombs() {
  std::vector<Case> rows;
  for (const Method& method : kMethods) {
    const std::string name = std::string("06-bf-02") + method.suffix;
    rows.push_back(left_out(
        "A GiB of zeros", method, name, [](const Method& m) { return compressed_zeros(m, kGiB); },
        "offset 0x0: not microcode, it begins with 00 00 00 00 00 00 00 00"));
    rows.push_back(left_out("A GiB of zeros by a foreign name", method,
                            std::string("blob.bin") + method.suffix,
                            [](const Method& m) { return compressed_zeros(m, kGiB); }));
    // Sixteen streams on end: cheaper to make, and files may consist of several.
    rows.push_back(taken(
        "An update and a GiB of zeros", method, name,
        [](const Method& m) {
          Blob all = compressed(m, update());
          const Blob part = compressed_zeros(m, kGiB / 16);
          for (int i = 0; i < 16; ++i) support::append(all, part);
          return all;
        },
        "offset 0x400: a long run of zero bytes, the rest is left out"));
    rows.push_back(left_out(
        "A header that promises 4 GiB", method, name,
        [](const Method& m) {
          const Blob head = IntelBlob().stored_sizes(0xFFFFFFC0, 0xFFFFFFF0).bytes();
          Blob all = compressed(m, head);
          support::append(all, compressed_zeros(m, kGiB / 16));
          return all;
        },
        "offset 0x0: total size 4294967280 is over 16777216, the rest is left "
        "out"));
  }
  return rows;
}

std::vector<Case> damage() {
  const auto whole = [](const Method& m) { return compressed(m, update()); };
  const auto half = [](const Method& m) {
    Blob bytes = compressed(m, update());
    bytes.resize(bytes.size() / 2);
    return bytes;
  };
  const auto magic_only = [](const Method& m) {
    Blob bytes = compressed(m, update());
    bytes.resize(6);
    return bytes;
  };
  std::vector<Case> rows;
  for (const Method& method : kMethods) {
    const std::string name = std::string("06-bf-02") + method.suffix;
    const std::string data = std::string(method.name) + " data";
    rows.push_back(taken("Whole", method, name, whole));
    rows.push_back(taken("Whole without a suffix", method, "06-bf-02", whole));
    rows.push_back(taken("Whole by another's suffix", method, "06-bf-02.lz4", whole));
    rows.push_back(unread("Half of it", method, name, half, data + " ends early"));
    // A foreign name is worth a word only where the content was recognised: of so short a file, xz
    // alone gives the first half away.
    const bool recognised = &method == &kMethods[0];
    const std::string foreign = std::string("blob.bin") + method.suffix;
    rows.push_back(recognised ? unread("Half of it by a foreign name", method, foreign, half,
                                       data + " ends early")
                              : left_out("Half of it by a foreign name", method, foreign, half));
    rows.push_back(unread("Magic and no more", method, name, magic_only, data + " ends early"));
    rows.push_back(left_out("Magic and no more by a foreign name", method, foreign, magic_only));
  }
  rows.push_back(left_out(
      "Not compressed at all", kMethods[0], "06-aa-00.xz",
      [](const Method&) { return support::text("plain"); },
      "offset 0x0: not microcode, it begins with 70 6c 61 69 6e"));
  return rows;
}

class CompressedCases : public testing::TestWithParam<Case> {};

TEST_P(CompressedCases, AreReadOnlyAsFarAsNeeded) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Bombs, CompressedCases, testing::ValuesIn(bombs()), case_name);
INSTANTIATE_TEST_SUITE_P(Damage, CompressedCases, testing::ValuesIn(damage()), case_name);

// The expected line depends on what the tool makes of it, so that these are rows made in the test.
TEST(CompressedFile, WithSomethingBehindItIsLeftOut) {
  for (const Method& method : kMethods) {
    Blob bytes = compressed(method, update());
    const std::string why =
        fmt::format("offset {:#x}: bytes behind the {} data", bytes.size(), method.name);
    support::append(bytes, support::text("and more"));
    const Case it = unread(
        "Something behind it", method, std::string("06-bf-02") + method.suffix,
        [&](const Method&) { return bytes; }, why);
    with_each_program([&](const std::string& program) { run_case(it, program); });
  }
}

TEST(CompressedFile, TwiceIsNotMicrocode) {
  for (const Method& method : kMethods) {
    const Blob inner = compressed(method, update());
    std::string why = "offset 0x0: not microcode, it begins with";
    for (std::size_t i = 0; i < 8; ++i) why += fmt::format(" {:02x}", inner[i]);
    const Case it = left_out(
        "Compressed twice", method, std::string("06-bf-02") + method.suffix,
        [&](const Method& m) { return compressed(m, inner); }, why);
    with_each_program([&](const std::string& program) { run_case(it, program); });
  }
}

}  // namespace
}  // namespace kip::ucode_pack_test
