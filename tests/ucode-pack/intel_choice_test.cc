// Which of several Intel updates is packed. The names begin with the case's number in the
// catalogue, as in intel_cases_test.cc.
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::join;

const std::string kNone = "error: 0xb06f2: no microcode found for it";

IntelBlob ours() {
  return IntelBlob().signature(0x000B06F2).platform_flags(0x07).revision(0x3A);
}

using Files = std::vector<std::pair<std::string, Blob>>;

std::function<void(const support::TempDir&)> files(Files all) {
  return [all = std::move(all)](const support::TempDir& dir) {
    for (const auto& [name, bytes] : all) dir.write("tree/" + name, bytes);
  };
}

Case chosen(std::string name, Files all, std::vector<std::string> ask, Blob intel) {
  return {std::move(name), files(std::move(all)), std::move(ask), 0, {}, std::move(intel), {}, {}};
}

// `why`: the nearest update and why it is not taken, or empty where none is for the signature.
Case nothing(std::string name, Files all, const std::string& cpu, const std::string& why = "") {
  return {
      std::move(name),
      files(std::move(all)),
      {"--cpu", cpu},
      3,
      {"error: " + cpu + ": no microcode found for it" + (why.empty() ? "" : "; revision " + why)},
      {},
      {},
      {}};
}

std::vector<Case> signatures() {
  const Blob shared =
      ours().signature(0x00090672).extended({{0x00090672, 0x07}, {0x000B06F6, 0x07}}).bytes();
  const Blob overdrive = ours().signature(0x00001632).platform_flags(0).old_form().bytes();
  return {
      chosen("I23 signature in the extended table only", {{"06-97-02", shared}},
             {"--cpu", "06-bf-06"}, shared),
      chosen("I23 by signature and platform", {{"06-97-02", shared}}, {"--cpu", "0xb06f6,0x04"},
             shared),
      nothing("I23 on another platform", {{"06-97-02", shared}}, "0xb06f6,0x08",
              "0x0000003a in 'tree/06-97-02' is not taken: for another platform"),
      chosen("I24 name of another CPU", {{"06-8f-07", ours().bytes()}}, {"--cpu", "0xb06f2"},
             ours().bytes()),
      chosen("I24 name that says nothing", {{"readme.txt", ours().bytes()}}, {"--cpu", "0xb06f2"},
             ours().bytes()),
      nothing("I35 type bits differ", {{"06-03-02", overdrive}}, "0x632"),
      chosen("I35 type bits agree", {{"06-03-02", overdrive}}, {"--cpu", "0x1632,0x00"}, overdrive),
      chosen("I35 a name leaves type bits open", {{"06-03-02", overdrive}}, {"--cpu", "06-03-02"},
             overdrive),
      nothing("I29 no flags in the update, a platform in the CPU", {{"06-03-02", overdrive}},
              "0x1632,0x01", "0x0000003a in 'tree/06-03-02' is not taken: for another platform"),
      chosen("I29 the same with a 7.1 kernel", {{"06-03-02", overdrive}},
             {"--cpu", "0x1632,0x01", "--kernel", "7.1.0"}, overdrive),
      nothing("A CPU below the first with a loader", {{"06-bf-02", ours().bytes()}}, "05-04-03"),
  };
}

std::vector<Case> platforms() {
  const Blob r4 = ours().signature(0xF4A).platform_flags(0x5C).revision(4).bytes();
  const Blob r2 = ours().signature(0xF4A).platform_flags(0x5D).revision(2).bytes();
  const Files overlap = {{"0f-04-0a", join({r4, r2})}};
  const Blob p10 = ours().platform_flags(0x10).revision(0x2C000410).bytes();
  const Blob p87 = ours().platform_flags(0x87).revision(0x2B000650).bytes();
  const Files disjoint = {{"06-bf-02", join({p10, p87})}};
  return {
      chosen("I26 platform 1 has the older only", overlap, {"--cpu", "0xf4a,0x01"}, r2),
      chosen("I26 platform 4 takes the newer", overlap, {"--cpu", "0xf4a,0x04"}, r4),
      chosen("I26 platform unknown", overlap, {"--cpu", "0f-04-0a"}, join({r4, r2})),
      chosen("I27 platform known", disjoint, {"--cpu", "0xb06f2,0x10"}, p10),
      chosen("I27 platform within a mask", disjoint, {"--cpu", "0xb06f2,0x80"}, p87),
      chosen("I28 platform unknown", disjoint, {"--cpu", "0xb06f2"}, join({p10, p87})),
  };
}

std::vector<Case> revisions() {
  const Blob old = ours().revision(0x39).seed(2).bytes();
  const Blob update = ours().bytes();
  const Blob other = ours().seed(7).bytes();
  const Blob debug = ours().revision(0x8000003A).bytes();
  const Blob zero = ours().revision(0).bytes();
  const Blob uneven = ours().revision(0x3B).body_size(978).bytes();
  const std::string tie =
      "warning: 'tree/b' at offset 0x0, revision 0x0000003a: same revision with other bytes, the "
      "first counts";
  const Files both = {{"06-bf-02", join({update, debug})}};
  return {
      {"I25 same revision and other bytes",
       files({{"a", update}, {"b", other}}),
       {"--cpu", "0xb06f2"},
       0,
       {tie},
       update,
       {},
       {"'tree/b': offset 0x0: update 0x0000003a is in 'tree/a' at offset 0x0 as well, with other "
        "bytes"}},
      chosen("Newest of three files", {{"a", old}, {"b", update}, {"c", old}}, {"--cpu", "0xb06f2"},
             update),
      chosen("I32 production before debug", both, {"--cpu", "0xb06f2"}, update),
      chosen("I32 debug when asked for by revision", both, {"--cpu", "0xb06f2,,eq:0x8000003a"},
             debug),
      chosen("I32 debug when pinned", both, {"--cpu", "0xb06f2", "--pin", "0xb06f2,,eq:0x8000003a"},
             debug),
      nothing("I32 debug alone", {{"06-bf-02", debug}}, "0xb06f2",
              "0x8000003a in 'tree/06-bf-02' is not taken: a debug revision"),
      nothing("I13 size no multiple of 4", {{"06-bf-02", uneven}}, "0xb06f2",
              "0x0000003b in 'tree/06-bf-02' is not taken: its size is no multiple of 4"),
      chosen("I13 an older one of an even size", {{"06-bf-02", join({uneven, update})}},
             {"--cpu", "0xb06f2"}, update),
      nothing("I34 revision 0", {{"06-bf-02", zero}}, "0xb06f2",
              "0x00000000 in 'tree/06-bf-02' is not taken: revision 0 is never loaded"),
      chosen("I34 revision 0 beside", {{"06-bf-02", join({zero, update})}}, {"--cpu", "0xb06f2"},
             update),
      chosen("I36 minimum revision for late loading",
             {{"06-bf-02", ours().min_revision(0x30).bytes()}}, {"--cpu", "0xb06f2"},
             ours().min_revision(0x30).bytes()),
      chosen("I37 date zero", {{"06-bf-02", ours().date(0).bytes()}}, {"--cpu", "0xb06f2"},
             ours().date(0).bytes()),
      chosen("I37 date that is none", {{"06-bf-02", ours().date(0xFFFFFFFF).bytes()}},
             {"--cpu", "0xb06f2"}, ours().date(0xFFFFFFFF).bytes()),
      chosen("I38 metadata larger than the data",
             {{"06-bf-02", ours().metadata_size(0x10000).bytes()}}, {"--cpu", "0xb06f2"},
             ours().metadata_size(0x10000).bytes()),
      chosen("I44 the same update in three files", {{"a", update}, {"b", update}, {"c/d", update}},
             {"--cpu", "0xb06f2"}, update),
  };
}

Blob early(const Blob& data) {
  return support::NewcBlob()
      .file("kernel/x86/microcode/GenuineIntel.bin", data)
      .pad_to(512)
      .bytes();
}

Case bad_text(std::string name, const std::string& text, const std::string& why) {
  const std::string line = "'tree/microcode.dat': " + why;
  return {std::move(name),
          file("microcode.dat", support::text(text)),
          {"--cpu", "0xb06f2"},
          3,
          {"warning: " + line, kNone},
          {},
          {},
          {line}};
}

std::vector<Case> wrappings() {
  const Blob update = ours().bytes();
  const Blob foreign = IntelBlob().signature(0x000806F8).platform_flags(0x87).seed(5).bytes();
  std::string crlf = support::to_dat_text(update, "/* one */");
  for (std::size_t at = 0; (at = crlf.find('\n', at)) != crlf.npos; at += 2) crlf.insert(at, "\r");
  std::string no_comma = support::to_dat_text(update);
  no_comma.erase(no_comma.rfind(','));
  const std::string two =
      support::to_dat_text(foreign, "/* one */") + support::to_dat_text(update, "/* two */");
  const std::string plain = support::to_dat_text(update);
  const Blob amd = support::AmdBlob().zen(support::AmdPatch(0x0A0011D4)).bytes();
  return {
      nothing("I39 compressed inside an early cpio",
              {{"image", early(support::text("\xfd"
                                             "7zXZ\0rest of it"))}},
              "0xb06f2"),
      chosen("I40 text inside an early cpio", {{"image", early(support::text(plain))}},
             {"--cpu", "0xb06f2"}, update),
      chosen("I40 text", {{"microcode.dat", support::text(plain)}}, {"--cpu", "0xb06f2"}, update),
      chosen("I41 comments between updates", {{"microcode.dat", support::text(two)}},
             {"--cpu", "0xb06f2"}, update),
      chosen("I41 CR LF", {{"microcode.dat", support::text(crlf)}}, {"--cpu", "0xb06f2"}, update),
      chosen("I41 no final comma", {{"microcode.dat", support::text(no_comma)}},
             {"--cpu", "0xb06f2"}, update),
      bad_text("I41 NUL byte", plain + std::string("\0", 1), "offset 0xc00: NUL byte in text"),
      bad_text("I41 no hexadecimal", plain + "0x0000zzzz,\n",
               "offset 0xc06: no comma behind a dword"),
      {"I41 ends inside an update",
       file("microcode.dat", support::text(plain.substr(0, plain.size() / 2))),
       {"--cpu", "0xb06f2"},
       4,
       {"warning: 'tree/microcode.dat': offset 0x0: update of 1024 bytes ends after 512",
        "error: 0xb06f2: 'tree/microcode.dat' at offset 0x0 would be its update (revision "
        "0x0000003a), but is broken"},
       {},
       {},
       {"'tree/microcode.dat': offset 0x0: update of 1024 bytes ends after 512"}},
      chosen("I42 AMD's container under Intel's name",
             {{"06-bf-02", amd}, {"microcode_amd_fam17h.bin", update}}, {"--cpu", "0xb06f2"},
             update),
      {"I42 the other way round",
       files({{"06-bf-02", amd}, {"microcode_amd_fam17h.bin", update}}),
       {"--cpu", "cpu00A00F11"},
       0,
       {},
       {},
       {support::AmdPatch(0x0A0011D4).bytes()},
       {}},
  };
}

class IntelChoiceCases : public testing::TestWithParam<Case> {};

TEST_P(IntelChoiceCases, HasTheVerdictOfTheCatalogue) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Signatures, IntelChoiceCases, testing::ValuesIn(signatures()), case_name);
INSTANTIATE_TEST_SUITE_P(Platforms, IntelChoiceCases, testing::ValuesIn(platforms()), case_name);
INSTANTIATE_TEST_SUITE_P(Revisions, IntelChoiceCases, testing::ValuesIn(revisions()), case_name);
INSTANTIATE_TEST_SUITE_P(Wrappings, IntelChoiceCases, testing::ValuesIn(wrappings()), case_name);

}  // namespace
}  // namespace kip::ucode_pack_test
