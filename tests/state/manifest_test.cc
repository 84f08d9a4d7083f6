#include <gmock/gmock.h>
#include <ostream>

#include "src/state/manifest.h"
#include "tests/base/must.h"
#include "tests/state/recorded.h"
#include "tests/support/temp_dir.h"

namespace kip::state {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kPlace = "var/lib/kip/manifests";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  if (at == text.npos) throw std::logic_error("there is no " + what);
  return text.replace(at, what.size(), with);
}

Manifests read_below(const support::TempDir& root) {
  return must(read_manifests(must(Root::at(root.path()))));
}

TEST(Manifest, IsReadAsItWasWritten) {
  EXPECT_EQ(must(parse_manifest(to_json(recorded()))), recorded());
}

TEST(Manifest, IsReadAsItWasWrittenWithNothingThatMayBeMissing) {
  Manifest bare;
  bare.token = "t";
  bare.kernel = "k";
  EXPECT_EQ(must(parse_manifest(to_json(bare))), bare);
}

TEST(Manifest, KeepsAnyBytes) {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  Manifest it = recorded();
  it.call.arguments = {bytes, "", "%41", "\xc3\xa9"};
  it.options = bytes;
  it.files.front().path = bytes;
  it.inputs.modules.modules.front().version = bytes;
  EXPECT_EQ(must(parse_manifest(to_json(it))), it);
}

// A later kip may tell more, as long as what is there means the same.
TEST(Manifest, MayHoldKeysThatAreNotKnownYet) {
  const std::string json = replaced(to_json(recorded()), "{", R"({"colour": ["blue", {"a": 1}],)");
  EXPECT_EQ(must(parse_manifest(json)), recorded());
}

TEST(Manifest, OfAnotherSchemaIsNotGuessedAt) {
  const std::string json = to_json(recorded());
  for (const char* const schema : {"2", "0", "-1", "18446744073709551615"}) {
    const auto read =
        parse_manifest(replaced(json, "\"schema\": 1", std::string("\"schema\": ") + schema));
    EXPECT_EQ(code_of(read), Errc::kUnsupported) << schema;
    EXPECT_THAT(error_of(read), HasSubstr("this version knows 1"));
  }
  // And nothing behind the number is looked at.
  EXPECT_EQ(code_of(parse_manifest(R"({"schema": 2, "token": 7})")), Errc::kUnsupported);
}

struct Bad {
  const char* name;
  std::string json;
  const char* error;
};

void PrintTo(const Bad& row, std::ostream* out) {
  *out << row.name;
}

Bad with(const char* name, const std::string& what, const std::string& put, const char* error) {
  return {name, replaced(to_json(recorded()), what, put), error};
}

class NoManifest : public testing::TestWithParam<Bad> {};

TEST_P(NoManifest, IsRefusedAndTheErrorSaysWhere) {
  const auto read = parse_manifest(GetParam().json);
  EXPECT_EQ(code_of(read), Errc::kInvalid);
  EXPECT_THAT(error_of(read), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, NoManifest,
    testing::Values(
        Bad{"Empty", "", "not JSON"}, Bad{"CutOff", to_json(recorded()).substr(0, 900), "not JSON"},
        Bad{"Text", "kip pending 1\n", "not JSON"}, Bad{"List", "[]", "is no object"},
        Bad{"NoSchema", "{}", "schema is missing"},
        Bad{"SchemaInWords", R"({"schema": "1"})", "schema is no whole number"},
        Bad{"Deep", std::string(100'000, '['), "not JSON"},
        Bad{"DeepAndClosed",
            "{\"schema\": 1, \"token\": " + std::string(100'000, '[') + std::string(100'000, ']') +
                "}",
            "token is"},
        with("TokenGone", "\"token\"", "\"taken\"", "token is missing"),
        with("KernelANumber", "\"6.12.0-amd64\"", "6", "kernel is no string"),
        with("HalfACode", "root=UUID", "root%4", "options has a '%'"),
        with("NegativeSize", "3072", "-3072", "inputs.microcode.updates[0].size is no number"),
        with("FractionOfASize", "3072", "3072.5", "inputs.microcode.updates[0].size is no number"),
        with("RevisionTooLarge", "0x2b000603", "0x12b000603",
             "inputs.microcode.updates[0].revision is no hexadecimal number"),
        with("RevisionOfNoDigits", "\"0x2b000603\"", "\"0x\"",
             "inputs.microcode.updates[0].revision is no hexadecimal number"),
        with("OtherVendor", "\"amd\"", "\"via\"", "inputs.microcode.cpus[1].vendor is no word"),
        with("OtherClass", "\"old\"", "\"new\"", "inputs.microcode.cpus[1].entrysign is no word"),
        with("ShortDigest", "0303", "03", "inputs.modules.in_image[2].sha256 is no SHA-256"),
        with("DigestInUpperCase", "0a0a", "0A0A", "files[0].parts[0].sha256 is no SHA-256"),
        with("OtherPart", "\"overlay\"", "\"underlay\"", "files[0].parts[2].kind is no word"),
        with("FlagInWords", "\"in_tree\": true", "\"in_tree\": \"yes\"",
             "inputs.modules.in_image[1].in_tree is neither"),
        with("ArgumentsNoList", "\"arguments\": [", "\"arguments\": {}, \"others\": [",
             "call.arguments is no list"),
        with("ArgumentANumber", "\"add\"", "7", "call.arguments has something else")),
    [](const auto& row) { return row.param.name; });

TEST(Manifest, TooLargeIsRefusedUnread) {
  const auto read = parse_manifest(std::string(kManifestLimit + 1, ' '));
  EXPECT_EQ(code_of(read), Errc::kLimit);
}

// -- Names.

struct NameRow {
  const char* name;
  std::string token, kernel, file;
};

void PrintTo(const NameRow& row, std::ostream* out) {
  *out << row.name;
}

class ManifestName : public testing::TestWithParam<NameRow> {};

TEST_P(ManifestName, IsOfOneEntryAndStaysInItsDirectory) {
  EXPECT_EQ(manifest_name(GetParam().token, GetParam().kernel).value_or(""), GetParam().file);
}

INSTANTIATE_TEST_SUITE_P(
    All, ManifestName,
    testing::Values(NameRow{"Usual", "debian", "6.12.0-amd64", "debian@6.12.0-amd64.json"},
                    NameRow{"PlusAndTilde", "fedora", "6.1.0+b1~x", "fedora@6.1.0+b1~x.json"},
                    NameRow{"AtInToken", "a@b", "c", "a%40b@c.json"},
                    NameRow{"AtInKernel", "a", "b@c", "a@b%40c.json"},
                    NameRow{"Above", "..", "../../etc/passwd",
                            "%2E.@%2E.%2F..%2Fetc%2Fpasswd.json"},
                    NameRow{"Hidden", ".a", ".b", "%2Ea@%2Eb.json"},
                    NameRow{"Percent", "a%40b", "c", "a%2540b@c.json"},
                    NameRow{"Newline", "a\nb", "c", "a%0Ab@c.json"},
                    NameRow{"NoToken", "", "c", ""}, NameRow{"NoKernel", "a", "", ""},
                    NameRow{"TooLong", "a", std::string(250, 'k'), ""}),
    [](const auto& row) { return row.param.name; });

TEST(ManifestFile, IsOneAnEntryAndReplacesTheOneBefore) {
  const support::TempDir root;
  Manifest other = recorded();
  other.token = "debian";
  must(write_manifest(root.path(), recorded()));
  must(write_manifest(root.path(), other));
  Manifest newer = recorded();
  newer.options = "quiet";
  must(write_manifest(root.path(), newer));
  const Manifests found = read_below(root);
  EXPECT_THAT(found.records, ElementsAre(newer, other));
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST(ManifestFile, IsGoneAfterItsEntryAndOthersStay) {
  const support::TempDir root;
  Manifest other = recorded();
  other.token = "debian";
  must(write_manifest(root.path(), recorded()));
  must(write_manifest(root.path(), other));
  must(remove_manifest(root.path(), recorded().token, recorded().kernel));
  must(remove_manifest(root.path(), recorded().token, recorded().kernel));
  EXPECT_THAT(read_below(root).records, ElementsAre(other));
}

TEST(ManifestFile, ThatCannotBeReadIsAFindingAndTheOthersCount) {
  const support::TempDir root;
  must(write_manifest(root.path(), recorded()));
  root.write(kPlace + "/a@b.json", std::string_view("{\"schema\": 2}"));
  root.write(kPlace + "/c@d.json", std::string_view("noise"));
  root.directory(kPlace + "/directory");
  root.fifo(kPlace + "/fifo");
  root.link(kPlace + "/link", root.path() + "/" + kPlace + "/a@b.json");
  root.write(kPlace + "/moved@k.json", to_json(recorded()));
  root.sparse(kPlace + "/sparse", kManifestLimit + 1);
  root.write(kPlace + "/.hidden", std::string_view("half written"));
  const Manifests found = read_below(root);
  EXPECT_THAT(found.records, ElementsAre(recorded()));
  std::vector<std::string> places;
  for (const Finding& finding : found.findings) {
    EXPECT_EQ(finding.rule, "manifest-unread");
    EXPECT_EQ(finding.severity, Severity::kWarning);
    places.push_back(finding.place.substr(finding.place.rfind('/') + 1));
  }
  EXPECT_THAT(places, ElementsAre("a@b.json", "c@d.json", "directory", "fifo", "link",
                                  "moved@k.json", "sparse"));
  EXPECT_THAT(found.findings[0].text, HasSubstr("schema 2"));
  EXPECT_THAT(found.findings[5].text,
              AllOf(HasSubstr("another entry"), HasSubstr("'6.12.0-amd64'")));
}

TEST(ManifestFile, IsNotWrittenForAnEntryWithoutAName) {
  const support::TempDir root;
  Manifest nameless = recorded();
  nameless.token.clear();
  EXPECT_EQ(code_of(write_manifest(root.path(), nameless)), Errc::kInvalid);
  EXPECT_THAT(support::names_in(root.path()), IsEmpty());
}

}  // namespace
}  // namespace kip::state
