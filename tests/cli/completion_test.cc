// Completion as shells do it: command lines are typed into the real shell, and what it offers is
// compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "src/cli/options.h"
#include "tests/cli/typed_shell.h"
#include "tests/support/run_program.h"

namespace kip::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

constexpr const char* kAwkward = R"(it's [a] 100% $HOME: "b" \ back `tick`)";

// Like ucode-pack: a default verb whose options stand at the top too, and verbs with operands.
struct Sample {
  Sample() : app("Does things.", "kip-sample") {
    app.add_option("--hidden", text)->group("");
    add_pack(app);
    add_pack(*app.add_subcommand("pack", "write the archive (it's the default)"));
    CLI::App* const list = app.add_subcommand("list", kAwkward);
    add_list(*list, "--cpu", texts, "CPUs", "SPEC");
    CLI::App* const verify = app.add_subcommand("verify", "check: everything");
    verify->add_option("--root", text, "below DIR")->type_name("DIR");
    verify->add_option("PATH", texts, "files");
    add_report_options(*app.add_subcommand("host", "this machine"), report);
    CLI::App* const extract = app.add_subcommand("extract", "write files");
    extract->add_option("-d,--directory", text, "write into DIR")->type_name("DIR");
    extract->add_flag("--force", flag, "replace files");
    extract->add_option("PATH", texts, "files")->required();
    app.add_subcommand("emit", "print")->add_option("GENERATOR", text, "for whom");
  }

  void add_pack(CLI::App& to) {
    add_list(to, "--cpu", texts, "CPUs: host, all, @FILE", "SPEC");
    add_list(to, "--firmware", texts, "take from PATH", "PATH");
    to.add_option("--root", text, "below DIR")->type_name("DIR");
    to.add_option("--kernel", text, "release")->type_name("KVER");
    to.add_option("--shell", text, "a shell")->type_name("SHELL");
    to.add_option("--note", text, "any text");
    to.add_flag("--awkward", flag, kAwkward);
    add_output_options(to, output);
    add_report_options(to, report);
  }

  CLI::App app;
  ReportOptions report;
  OutputOptions output;
  std::string text;
  Words texts;
  bool flag = false;
};

struct Row {
  const char* name;
  const char* typed;         // behind "kip-sample "
  Words offered;             // without the option it is glued to; directories without '/'
  const char* but_not = "";  // the shell whose own way it is to offer something else
};

const Words kFiles = {"alpha.bin", "tree", "two words"};
const Words kBelow = {"tree/a@b", "tree/inner.bin"};
const Words kVerbs = {"emit", "extract", "host", "list", "pack", "verify"};
const Words kPackOptions = {"--awkward", "--cpu",  "--dry-run", "--firmware", "--force",
                            "--help",    "--json", "--kernel",  "--note",     "--output",
                            "--quiet",   "--root", "--shell",   "--verbose"};
const Words kHostOptions = {"--help", "--json", "--quiet", "--verbose"};

const Row kRows[] = {
    {"verbs", "", kVerbs},
    {"begin of a verb", "l", {"list"}},
    {"a whole verb, still being typed", "list", {"list"}},
    {"no such verb", "z", {}},
    {"options without a verb", "--", kPackOptions},
    {"options of the default verb", "pack --", kPackOptions},
    {"options of another", "host --", kHostOptions},
    {"none of the default verb's", "list --fo", {}},
    {"a value is no verb", "--cpu host --", kPackOptions},
    {"nor is a word behind a verb", "extract list --fo", {"--force"}},
    {"options behind a value", "--cpu 06-55-07 --f", {"--firmware", "--force"}},
    {"options behind a glued value", "--cpu=all --f", {"--firmware", "--force"}},
    {"options behind flags", "-qn --fo", {"--force"}},
    {"options behind an operand", "extract tree --fo", {"--force"}},
    {"a value that looks like an option", "-o --force --fo", {"--force"}, "zsh"},
    {"no verb behind a flag", "--json l", {}},
    {"no operand where none is taken", "list ", {}, "zsh"},
    {"no operand without a verb", "--json ", {}, "zsh"},
    {"not again", "--force --fo", {}, "fish"},
    {"not again by its other name", "-o x --out", {}, "fish"},
    {"not with what it excludes", "-q --verb", {}, "fish"},
    {"again", "--cpu all --c", {"--cpu"}},
    {"SPEC", "--cpu ", {"all", "host"}},
    {"SPEC begun", "--cpu h", {"host"}},
    {"SPEC glued", "--cpu=", {"all", "host"}},
    {"SPEC glued and begun", "--cpu=h", {"host"}},
    {"SPEC again", "--cpu all --cpu=", {"all", "host"}},
    {"@FILE", "list --cpu @", {"@alpha.bin", "@tree", "@two words"}},
    {"@FILE glued", "--cpu=@tr", {"@tree"}},
    {"@FILE below a directory", "--cpu=@tree/", {"@tree/a@b", "@tree/inner.bin"}},
    {"FILE", "-o ", kFiles},
    {"FILE behind a bundle", "-qo al", {"alpha.bin"}},
    {"FILE glued to a letter", "-oal", {"alpha.bin"}, "fish"},
    {"FILE glued", "pack --output=al", {"alpha.bin"}},
    {"PATH", "--firmware ", kFiles},
    {"PATH glued", "--firmware=", kFiles},
    {"PATH below a directory", "--firmware=tree/", kBelow},
    {"DIR", "--root ", {"tree"}},
    {"DIR glued", "--root=", {"tree"}},
    {"DIR glued to a letter", "extract -dtr", {"tree"}},
    {"DIR is no file", "extract -d al", {}},
    {"KVER", "--kernel ", {"5.4.0", "6.1.0-18", "6.12.3"}},
    {"KVER glued", "--kernel=6.", {"6.1.0-18", "6.12.3"}},
    {"SHELL", "--shell ", {"bash", "fish", "zsh"}},
    {"GENERATOR", "emit ", {"dracut", "initramfs-tools", "mkinitcpio"}},
    {"any text", "--note ", {}},
    {"operands", "verify ", kFiles},
    {"operands below a directory", "verify tree/", kBelow},
    {"operands behind a glued value", "verify --root=tree al", {"alpha.bin"}},
    {"operands behind operands", "extract -d out alpha.bin ", kFiles},
    {"operands behind --", "extract -- al", {"alpha.bin"}},
    {"no options behind --", "extract -- --", {}},
    {"backslash", R"(verify two\ w)", {"two words"}},
    {"quotes", R"(verify "two w)", {"two words"}},
    {"quotes, glued", R"(--output="two w)", {"two words"}},
};

// The word of an offer, without its description, the option it is glued to, and the '/' behind it.
std::string word_of(std::string offer) {
  offer.resize(std::min(offer.find('\t'), offer.size()));
  std::erase(offer, '\\');
  const bool is_long = offer.starts_with("--");
  if (is_long && offer.find('=') != offer.npos) offer.erase(0, offer.find('=') + 1);
  if (!is_long && offer.starts_with('-') && offer.size() > 2) offer.erase(0, 2);
  if (offer.ends_with('/')) offer.pop_back();
  return offer;
}

TypedShell sample_in(const std::string& shell) {
  return {shell, completion(Sample().app, shell).value_or("")};
}

class CompletionIn : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!support::have_program(GetParam())) GTEST_SKIP() << "NOT RUN: no " << GetParam();
  }
};

TEST_P(CompletionIn, OffersWhatFits) {
  Words lines;
  for (const Row& row : kRows) lines.push_back(std::string("kip-sample ") + row.typed);
  const auto all = sample_in(GetParam()).offers(lines);
  if (!all) GTEST_SKIP() << "NOT RUN: no terminal for " << GetParam();
  ASSERT_EQ(all->size(), std::size(kRows));
  for (std::size_t i = 0; i < all->size(); ++i) {
    if (std::string_view(GetParam()) == kRows[i].but_not) continue;
    std::set<std::string> words;
    for (const std::string& offer : (*all)[i]) words.insert(word_of(offer));
    EXPECT_THAT(words, testing::ElementsAreArray(kRows[i].offered))
        << kRows[i].name << ": " << kRows[i].typed;
  }
}

TEST_P(CompletionIn, LeavesOutWhatIsHidden) {
  EXPECT_THAT(completion(Sample().app, GetParam()),
              testing::Optional(testing::Not(testing::HasSubstr("hidden"))));
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionIn, testing::Values("bash", "zsh", "fish"),
                         [](const auto& row) { return std::string(row.param); });

class DescriptionsIn : public CompletionIn {};

TEST_P(DescriptionsIn, AreShownAsTheyAre) {
  const auto all =
      sample_in(GetParam()).offers({"kip-sample --aw", "kip-sample li", "kip-sample ver"});
  if (!all) GTEST_SKIP() << "NOT RUN: no terminal for " << GetParam();
  EXPECT_THAT(*all, ElementsAre(ElementsAre(EndsWith(kAwkward)), ElementsAre(EndsWith(kAwkward)),
                                ElementsAre(EndsWith("check: everything"))));
}

INSTANTIATE_TEST_SUITE_P(Shells, DescriptionsIn, testing::Values("zsh", "fish"),
                         [](const auto& row) { return std::string(row.param); });

TEST(Completion, KnowsNoOtherShell) {
  EXPECT_EQ(completion(Sample().app, "tcsh"), std::nullopt);
}

// readline's part in it: where words begin, and what is quoted.
TEST(BashCompletion, CompletesToTheArgumentsMeant) {
  const std::pair<const char*, Words> rows[] = {
      {"pa\t--js\t", {"pack", "--json"}},
      {"--outp\tal\t", {"--output", "alpha.bin"}},
      {"--output=al\t", {"--output=alpha.bin"}},
      {"-otw\t", {"-otwo words"}},
      {"verify tw\t", {"verify", "two words"}},
      {"verify \"tw\t", {"verify", "two words"}},
      {"verify tr\tin\t", {"verify", "tree/inner.bin"}},
      {"verify tr\ta@\t", {"verify", "tree/a@b"}},
      {"verify $HERE/al\t", {"verify", "/alpha.bin"}},
      {"verify \"$HERE/al\t", {"verify", "/alpha.bin"}},
      {"--cpu=@tr\tin\t", {"--cpu=@tree/inner.bin"}},
      {"--cpu @tw\t", {"--cpu", "@two words"}},
      {"--cpu \"@tw\t", {"--cpu", "@two words"}},
      {"extract -dtr\tx", {"extract", "-dtree/x"}},
      {"--root=tr\tx", {"--root=tree/x"}},
      {"pack --forxyz\x02\x02\x02\t", {"pack", "--forcexyz"}},  // the cursor before xyz
  };
  Words keys;
  for (const auto& [pressed, words] : rows) keys.push_back(std::string("kip-sample ") + pressed);
  const std::vector<Words> given = sample_in("bash").given("kip-sample", keys);
  ASSERT_EQ(given.size(), std::size(rows));
  for (std::size_t i = 0; i < given.size(); ++i) EXPECT_EQ(given[i], rows[i].second) << keys[i];
}

// Called by a function that has no line: COMP_WORDS are whole words then.
TEST(BashCompletion, ReadsBareWords) {
  const std::pair<const char*, const char*> rows[] = {
      {"kip-sample l", "list"},
      {"kip-sample pack --fo", "--force"},
      {"kip-sample --cpu host --fo", "--force"},
      {"kip-sample --cpu ''", "host all"},
      {"kip-sample --cpu=h", "--cpu=host"},
      {"kip-sample verify tr", "tree"},
      {"kip-sample verify --root t", "tree"},
      {"kip-sample list ''", ""},
  };
  const TypedShell bash = sample_in("bash");
  for (const auto& [words, reply] : rows)
    EXPECT_EQ(bash.reply("_kip_sample", words), reply) << words;
}

}  // namespace
}  // namespace kip::cli
