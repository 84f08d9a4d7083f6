// The command line: what is wrong usage, help, version, completion.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

struct Usage {
  std::vector<std::string> arguments;
  std::string line;  // the one line that is said, without "error: "
};

const std::vector<Usage>& wrong_usage() {
  static const std::string name_form =
      ": no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12";
  static const std::string verbs =
      "; there are pack, list, verify, predict, host, check-boot, coverage, extract";
  static const std::vector<Usage> rows = {
      {{"--nonsense"}, "'--nonsense' is not expected; see 'ucode-pack --help'"},
      {{"nonsense"}, "no verb 'nonsense'" + verbs},
      {{""}, "no verb ''" + verbs},
      {{"--hold", "0xb06f2", "list"}, "'list' is not expected; see 'ucode-pack --help'"},
      {{"-ohere", "pack"}, "'pack' is not expected; see 'ucode-pack --help'"},
      {{"-n", "list"}, "'list' is not expected; see 'ucode-pack --help'"},
      {{"pack", "pack"}, "'pack' is not expected; see 'ucode-pack pack --help'"},
      {{"list", "x", "y"}, "'x' is not expected; see 'ucode-pack list --help'"},
      {{"list", "--force"}, "'--force' is not expected; see 'ucode-pack list --help'"},
      {{"verify", "-o", "x"}, "'-o' is not expected; see 'ucode-pack verify --help'"},
      {{"host", "x"}, "'x' is not expected; see 'ucode-pack host --help'"},
      {{"host", "--root", "x"}, "'--root' is not expected; see 'ucode-pack host --help'"},
      {{"check-boot", "--root", "x"},
       "'--root' is not expected; see 'ucode-pack check-boot --help'"},
      {{"check-boot", "--textfile", ""}, "--textfile: is empty"},
      {{"-n", "--root", ""}, "--root: is empty"},
      {{"-n", "--kernel", ""}, "--kernel: is empty"},
      {{"-o", ""}, "--output: is empty"},
      {{"--completion"}, "--completion: 1 required SHELL missing"},
      {{"-n", "--cpu", "all", "--pin", "06-8f-08"},
       "'06-8f-08': a pin needs a revision, as in 0x806f8,,eq:0x2b000650"},
      {{"-n", "--cpu", "06-bf-02", "--cpu", "!06-bf-02", "--firmware", "tree"},
       "every CPU asked for is deselected"},
      {{"extract"}, "--directory is required"},
      {{"extract", "-d", "x"}, "PATH is required"},
      {{"extract", "-d"}, "--directory: 1 required DIR missing"},
      {{"--cpu"}, "--cpu: 1 required SPEC missing"},
      {{"--firmware"}, "--firmware: 1 required PATH missing"},
      {{"-o"}, "--output: 1 required FILE missing"},
      {{"-q", "-v"}, "--verbose excludes --quiet"},
      {{"--completion", "tcsh"}, "completion is for bash, zsh or fish"},
      {{"--json", "--cpu", "all"}, "--json needs -o FILE or -n: both would go to stdout"},
      {{"-n", "--cpu", ""}, "''" + name_form},
      {{"-n", "--cpu", "zz"}, "'zz'" + name_form},
      {{"-n", "--cpu", "06-8f"}, "'06-8f'" + name_form},
      {{"-n", "--cpu", "06-8f-08-01"}, "'06-8f-08-01'" + name_form},
      {{"-n", "--cpu", "!host"}, "'!host'" + name_form},
      {{"-n", "--cpu", "a\nb"}, "'a\\x0ab'" + name_form},
      {{"-n", "--cpu", "06-8f-11"}, "'06-8f-11': no CPU has this family, model or stepping"},
      {{"-n", "--cpu", "01-ff-01"}, "'01-ff-01': no CPU has this family, model or stepping"},
      {{"-n", "--cpu", "0x"}, "'0x': a signature is written as 0x806f8"},
      {{"-n", "--cpu", "0x123456789"}, "'0x123456789': a signature is written as 0x806f8"},
      {{"-n", "--cpu", "0x806f8,zz"}, "'0x806f8,zz': platform flags are written as 0x87"},
      {{"-n", "--cpu", "0x806f8,0x1,ge:0x1"},
       "'0x806f8,0x1,ge:0x1': a revision bound begins with lt:, eq: or gt:"},
      {{"-n", "--cpu", "0x806f8,0x1,gt:1"},
       "'0x806f8,0x1,gt:1': a revision is written as 0x2b000000"},
      {{"-n", "--cpu", "cpu00"}, "'cpu00': an AMD CPUID is written as cpu00A20F12"},
      {{"-n", "--cpu", "cpu00A20F1Z"}, "'cpu00A20F1Z': an AMD CPUID is written as cpu00A20F12"},
      {{"-n", "--cpu", "all", "--pin", "zz"}, "'zz'" + name_form},
      {{"-n", "--cpu", "all", "--hold", "!0x806f8"},
       "'!0x806f8': '!' deselects CPUs, and has no meaning here"},
      {{"-n", "--cpu", "all", "--kernel="}, "--kernel: is empty"},
      {{"-n", "--kernel=", "--cpu", "all"}, "--kernel: is empty"},
      {{"-n", "--cpu", "all", "--kernel", "nonsense"}, "--kernel: 'nonsense' is no kernel release"},
      {{"verify", "--kernel", "v6", "tree"}, "--kernel: 'v6' is no kernel release"},
      {{"list", "--kernel", "v6"}, "--kernel: 'v6' is no kernel release"},
      {{"list", "--cpu", "zz"}, "'zz'" + name_form},
      {{"extract", "--cpu", "zz", "-d", "out/x", "tree"}, "'zz'" + name_form},
  };
  return rows;
}

TEST(WrongUsage, IsOneLineAndTwo) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", support::IntelBlob().bytes());
    for (const Usage& row : wrong_usage()) {
      SCOPED_TRACE(fmt::format("{}", fmt::join(row.arguments, " ")));
      const Told told = scene.run(row.arguments);
      EXPECT_EQ(told.code, 2);
      EXPECT_EQ(told.complaints, std::vector{"error: " + row.line});
      EXPECT_EQ(told.notes, std::vector<std::string>());
      EXPECT_EQ(told.out, "");
      EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    }
  });
}

TEST(Help, IsPrintedForProgramAndVerbs) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--help"}, {"-h"}, {"--help-all"}}) {
      const Told told = scene.run(arguments);
      EXPECT_EQ(told.code, 0);
      EXPECT_EQ(told.err, "");
      for (const char* const word : {"pack", "list", "verify", "host", "extract", "--cpu",
                                     "--firmware", "--allow-none", "--force"}) {
        EXPECT_NE(told.out.find(word), std::string::npos) << word;
      }
    }
    for (const char* const verb : {"pack", "list", "verify", "host", "extract"}) {
      SCOPED_TRACE(verb);
      const Told told = scene.run({verb, "--help"});
      EXPECT_EQ(told.code, 0);
      EXPECT_EQ(told.err, "");
      EXPECT_NE(told.out.find("--json"), std::string::npos);
    }
  });
}

TEST(Version, IsPrinted) {
  with_each_program([](const std::string& program) {
    const Told told = Scene(program).run({"--version"});
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.err, "");
    EXPECT_TRUE(told.out.starts_with("ucode-pack "));
    EXPECT_EQ(std::count(told.out.begin(), told.out.end(), '\n'), 1);
  });
}

// Each shell that is here reads its script; each script knows every verb and option.
TEST(Completion, IsReadByItsShell) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    for (const std::string shell : {"bash", "zsh", "fish"}) {
      SCOPED_TRACE(shell);
      const Told told = scene.run({"--completion", shell});
      EXPECT_EQ(told.code, 0);
      EXPECT_EQ(told.err, "");
      const std::string option = shell == "fish" ? "-l allow-none" : "--allow-none";
      for (const std::string& word :
           {std::string("pack"), std::string("list"), std::string("verify"), std::string("host"),
            std::string("extract"), option}) {
        EXPECT_NE(told.out.find(word), std::string::npos) << word;
      }
      scene.dir().write(shell + ".script", told.out);
      if (!support::have_program(shell)) continue;
      const auto checked = support::run_program({shell, "-n", scene.dir() / (shell + ".script")});
      EXPECT_TRUE(checked.ok()) << checked.err;
    }
  });
}

TEST(Completion, OffersVerbsAndOptionsInBash) {
  if (!support::have_program("bash")) GTEST_SKIP() << "NOT RUN: no bash";
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("script", scene.run({"--completion", "bash"}).out);
    const auto offered = [&](const std::string& words, int current) {
      return support::must_run(
          {"bash", "--norc", "-c",
           fmt::format("source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _ucode_pack; echo "
                       "\"${{COMPREPLY[*]}}\"",
                       scene.dir() / "script", words, current)});
    };
    EXPECT_EQ(offered("ucode-pack ver", 1), "verify\n");
    EXPECT_EQ(offered("ucode-pack --allow", 1), "--allow-none\n");
    EXPECT_EQ(offered("ucode-pack extract --dir", 2), "--directory\n");
    EXPECT_EQ(offered("ucode-pack list --for", 2), "\n");
  });
}

// `pack` is what happens where no verb is said.
TEST(DefaultVerb, IsPack) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", support::IntelBlob().bytes());
    const std::vector<std::string> options = {"--cpu", "0xb06f2", "--firmware", "tree"};
    std::vector<std::string> explicitly = {"pack"};
    explicitly.insert(explicitly.end(), options.begin(), options.end());
    const Told first = scene.run(options);
    const Told second = scene.run(explicitly);
    EXPECT_EQ(first.code, 0) << first.err;
    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_EQ(first.err, second.err);
    EXPECT_EQ(first.out, second.out);
    EXPECT_FALSE(first.out.empty());
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
