// How a call of kernel-install is read: by which version, for what, and when it is none of ours.
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <ostream>

#include "src/cli/kernel_install.h"

namespace kip::cli {
namespace {

using Action = Invocation::Action;
using Environment = std::map<std::string, std::string>;

constexpr const char* kVariables[] = {"KERNEL_INSTALL_STAGING_AREA",
                                      "KERNEL_INSTALL_LAYOUT",
                                      "KERNEL_INSTALL_IMAGE_TYPE",
                                      "KERNEL_INSTALL_BOOT_ENTRY_TYPE",
                                      "KERNEL_INSTALL_ENTRY_NAME",
                                      "KERNEL_INSTALL_VERBOSE",
                                      "KERNEL_INSTALL_ENTRY_TOKEN",
                                      "KERNEL_INSTALL_BOOT_ROOT",
                                      "KERNEL_INSTALL_INITRD_GENERATOR",
                                      "KERNEL_INSTALL_UKI_GENERATOR",
                                      "KERNEL_INSTALL_CONF_ROOT",
                                      "INSTALLKERNEL_STAGING_AREA",
                                      "INSTALLKERNEL_LAYOUT",
                                      "INSTALLKERNEL_VERBOSE",
                                      "INSTALLKERNEL_CONF_ROOT",
                                      "KIP_ROOT"};

// These variables and no others, until the end of the test.
class Surroundings {
 public:
  explicit Surroundings(const Environment& environment) {
    for (const char* const name : kVariables) {
      const char* const value = std::getenv(name);
      before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
    for (const auto& [name, value] : environment) {
      if (!before_.contains(name)) throw std::logic_error("kVariables lacks " + name);
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  ~Surroundings() {
    for (const auto& [name, value] : before_)
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
  }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

Invocation read(std::vector<std::string> arguments, const Environment& environment,
                std::string name = "plugin") {
  const Surroundings surroundings(environment);
  std::vector<char*> argv = {name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  return read_invocation(argc, argv.data());
}

const std::vector<std::string> kAddCall = {"add", "6.12.1", "/boot/token/6.12.1", "/vmlinuz"};

// What each version sets, as far as it matters here.
const Environment k250 = {{"KERNEL_INSTALL_LAYOUT", "bls"}, {"KERNEL_INSTALL_VERBOSE", "0"}};

Environment with(Environment environment, const Environment& more) {
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

const Environment k251 = with(k250, {{"KERNEL_INSTALL_STAGING_AREA", "/tmp/staging"}});
const Environment k254 = with(k251, {{"KERNEL_INSTALL_IMAGE_TYPE", "pe"}});
const Environment k262 = with(k254, {{"KERNEL_INSTALL_ENTRY_NAME", "token-6.12.1"}});
const Environment kGentoo = {{"INSTALLKERNEL_STAGING_AREA", "/tmp/gentoo"},
                             {"INSTALLKERNEL_LAYOUT", "grub"},
                             {"INSTALLKERNEL_VERBOSE", "0"}};

struct CallRow {
  const char* name;
  std::vector<std::string> arguments;
  Environment environment;
  Action action;
  const char* said;  // kAdd: the caller's name; otherwise a part of why
};

void PrintTo(const CallRow& row, std::ostream* out) {
  *out << row.name;
}

const std::string kUsage = "kernel-install runs this";

const std::vector<CallRow> kCalls = {
    {"Systemd250HasNoStagingArea", kAddCall, k250, Action::kNothing, "no staging area"},
    {"Systemd251To253", kAddCall, k251, Action::kAdd, "systemd 251 to 253"},
    {"Systemd254To257", kAddCall, k254, Action::kAdd, "systemd 254 to 257"},
    {"AnUnknownKindOfImage", kAddCall, with(k254, {{"KERNEL_INSTALL_IMAGE_TYPE", "unknown"}}),
     Action::kAdd, "systemd 254 to 257"},
    {"Systemd258To261WithEntryType", kAddCall,
     with(k254, {{"KERNEL_INSTALL_BOOT_ENTRY_TYPE", "type1"}}), Action::kAdd, "systemd 258 to 261"},
    {"Systemd258To261WithoutEntryTypeIsAs254", kAddCall,
     with(k254, {{"KERNEL_INSTALL_BOOT_ENTRY_TYPE", ""}}), Action::kAdd, "systemd 254 to 257"},
    {"Systemd262", kAddCall, k262, Action::kAdd, "systemd 262"},
    {"Systemd262WithEntryType", kAddCall, with(k262, {{"KERNEL_INSTALL_BOOT_ENTRY_TYPE", "type2"}}),
     Action::kAdd, "systemd 262"},
    {"GentoosInstallkernel",
     {"6.12.1", "/vmlinuz"},
     kGentoo,
     Action::kAdd,
     "Gentoo's installkernel"},
    {"GentoosWithVariablesOfAnOuterKernelInstall",
     {"6.12.1", "/vmlinuz"},
     with(kGentoo, {{"KERNEL_INSTALL_IMAGE_TYPE", "uki"}, {"KERNEL_INSTALL_VERBOSE", "1"}}),
     Action::kAdd,
     "Gentoo's installkernel"},
    {"TwoArgumentsWithBothAreSystemds",
     {"6.12.1", "/vmlinuz"},
     with(kGentoo, k254),
     Action::kNothing,
     "nothing to do for '6.12.1'"},
    {"SystemdsCallWithGentoosVariables", kAddCall, with(kGentoo, k254), Action::kAdd,
     "systemd 254 to 257"},
    {"SystemdsCallWithGentoosVariablesAlone", kAddCall, kGentoo, Action::kNothing,
     "no staging area"},
    {"NoStagingAreaThoughOtherSignsAreThere", kAddCall,
     with(k262, {{"KERNEL_INSTALL_STAGING_AREA", ""}}), Action::kNothing, "no staging area"},
    {"Remove",
     {"remove", "6.12.1", "/boot/token/6.12.1"},
     k254,
     Action::kRemove,
     "nothing to do for 'remove'"},
    {"RemoveWithoutAnything", {"remove"}, {}, Action::kNothing, "nothing to do for 'remove'"},
    {"AnUnknownVerb", {"sign", "6.12.1"}, k254, Action::kNothing, "nothing to do for 'sign'"},
    {"AVerbOfTwoLines", {"si\ngn"}, k254, Action::kNothing, "nothing to do for 'si\\x0agn'"},
    {"NoVerb", {}, k254, Action::kUsage, kUsage.c_str()},
    {"NothingAtAll", {}, {}, Action::kUsage, kUsage.c_str()},
    {"AddWithoutImage",
     {"add", "6.12.1", "/boot/token/6.12.1"},
     k254,
     Action::kUsage,
     kUsage.c_str()},
    {"AddAlone", {"add"}, {}, Action::kUsage, kUsage.c_str()},
    {"AddByHandIsAs250", kAddCall, {}, Action::kNothing, "no staging area"},
    {"ImageIsAUki", kAddCall, with(k254, {{"KERNEL_INSTALL_IMAGE_TYPE", "uki"}}), Action::kAdd,
     "systemd 254 to 257"},
    {"LayoutOfOstree", kAddCall, with(k254, {{"KERNEL_INSTALL_LAYOUT", "ostree"}}),
     Action::kNothing, "the initrd of an ostree deployment"},
};

class ReadInvocation : public testing::TestWithParam<CallRow> {};

TEST_P(ReadInvocation, TellsWhoCallsForWhat) {
  const CallRow& row = GetParam();
  const Invocation call = read(row.arguments, row.environment);
  EXPECT_EQ(call.action, row.action);
  if (row.action == Action::kAdd) {
    ASSERT_NE(call.caller, nullptr);
    EXPECT_STREQ(call.caller->name, row.said);
    EXPECT_FALSE(call.staging.empty());
    EXPECT_EQ(call.why, "");
  } else {
    EXPECT_NE(call.why.find(row.said), std::string::npos) << call.why;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ReadInvocation, testing::ValuesIn(kCalls),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ReadInvocation, TakesAllThatSystemdSays) {
  std::vector<std::string> arguments = kAddCall;
  arguments.insert(arguments.end(), {"/boot/one.img", "/boot/two.img"});
  const Invocation call = read(arguments, with(k254, {{"KERNEL_INSTALL_VERBOSE", "1"}}));
  EXPECT_EQ(call.kernel, "6.12.1");
  EXPECT_EQ(call.entry_directory, "/boot/token/6.12.1");
  EXPECT_EQ(call.image, "/vmlinuz");
  EXPECT_EQ(call.initrds, (std::vector<std::string>{"/boot/one.img", "/boot/two.img"}));
  EXPECT_EQ(call.staging, "/tmp/staging");
  EXPECT_EQ(call.layout, "bls");
  EXPECT_FALSE(call.is_uki);
  EXPECT_TRUE(call.verbose);
  EXPECT_EQ(call.root, "");
  EXPECT_TRUE(read(kAddCall, with(k254, {{"KERNEL_INSTALL_IMAGE_TYPE", "uki"}})).is_uki);
}

TEST(ReadInvocation, TakesAllThatGentoosInstallkernelSays) {
  const Invocation call =
      read({"6.12.1-gentoo", "/vmlinuz"}, with(kGentoo, {{"INSTALLKERNEL_VERBOSE", "1"}}));
  EXPECT_EQ(call.kernel, "6.12.1-gentoo");
  EXPECT_EQ(call.entry_directory, "");
  EXPECT_EQ(call.image, "/vmlinuz");
  EXPECT_TRUE(call.initrds.empty());
  EXPECT_EQ(call.staging, "/tmp/gentoo");
  EXPECT_EQ(call.layout, "grub");
  EXPECT_TRUE(call.verbose);
}

struct VerboseRow {
  const char* name;
  std::vector<std::string> arguments;
  Environment environment;
  bool verbose;
};

void PrintTo(const VerboseRow& row, std::ostream* out) {
  *out << row.name;
}

const Environment kVerbose = {{"KERNEL_INSTALL_VERBOSE", "1"}};

// Whoever is done early has to say why, too.
const std::vector<VerboseRow> kVerboseCalls = {
    {"NotSet", kAddCall, with(k254, {{"KERNEL_INSTALL_VERBOSE", ""}}), false},
    {"Zero", kAddCall, k254, false},
    {"One", kAddCall, with(k254, kVerbose), true},
    {"Remove", {"remove", "6.12.1", "/e"}, with(k254, kVerbose), true},
    {"RemoveQuietly", {"remove", "6.12.1", "/e"}, k254, false},
    {"WithoutStagingArea", kAddCall, with(k250, kVerbose), true},
    {"ImageIsAUki", kAddCall, with(with(k254, kVerbose), {{"KERNEL_INSTALL_IMAGE_TYPE", "uki"}}),
     true},
    {"GentoosZero", {"6.12.1", "/vmlinuz"}, kGentoo, false},
    {"GentoosOwnVariableCounts", {"6.12.1", "/vmlinuz"}, with(kGentoo, kVerbose), false},
};

class ReadVerbose : public testing::TestWithParam<VerboseRow> {};

TEST_P(ReadVerbose, IsWhatTheCallerSays) {
  EXPECT_EQ(read(GetParam().arguments, GetParam().environment).verbose, GetParam().verbose);
}

INSTANTIATE_TEST_SUITE_P(Every, ReadVerbose, testing::ValuesIn(kVerboseCalls),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ReadInvocation, KeepsTheWordsThatAskForItAgain) {
  std::vector<std::string> arguments = kAddCall;
  arguments.push_back("/boot/one.img");
  EXPECT_EQ(read(arguments, k254).arguments,
            (std::vector<std::string>{"add", "6.12.1", "/vmlinuz", "/boot/one.img"}));
  EXPECT_EQ(read({"6.12.1", "/vmlinuz"}, kGentoo).arguments,
            (std::vector<std::string>{"installkernel", "6.12.1", "/vmlinuz"}));
}

TEST(ReadInvocation, KnowsTheKernelThatIsRemoved) {
  const Invocation call = read({"remove", "6.12.1", "/boot/token/6.12.1"},
                               {{"KERNEL_INSTALL_CONF_ROOT", "/c"}, {"KIP_ROOT", "/srv/root"}});
  EXPECT_EQ(call.kernel, "6.12.1");
  EXPECT_EQ(call.root, "/srv/root");
}

// It goes by its name, and Gentoo's script has no 86.
TEST(ReadInvocation, TellsTheLastRunOfTheImagePlugin) {
  EXPECT_FALSE(read(kAddCall, k254, "58-kip-image.install").last);
  EXPECT_TRUE(read(kAddCall, k254, "86-kip-image.install").last);
  EXPECT_TRUE(read(kAddCall, k254, "/usr/lib/kernel/install.d/86-kip-image.install").last);
  EXPECT_FALSE(read(kAddCall, k254, "/opt/86-x/58-kip-image.install").last);
  EXPECT_TRUE(read({"6.12.1", "/vmlinuz"}, kGentoo, "58-kip-image.install").last);
}

TEST(KipRoot, CountsOnlyBesideTheCallersOwnRoot) {
  const Environment root = {{"KIP_ROOT", "/srv/root"}};
  const Environment both = with(root, {{"KERNEL_INSTALL_CONF_ROOT", "/srv/conf"}});
  const std::vector<std::string> gentoo = {"6.12.1", "/vmlinuz"};
  EXPECT_EQ(read(kAddCall, with(k254, root)).root, "");
  EXPECT_EQ(read(kAddCall, with(k254, {{"KERNEL_INSTALL_CONF_ROOT", "/srv/conf"}})).root, "");
  EXPECT_EQ(read(kAddCall, with(k254, both)).root, "/srv/root");
  EXPECT_EQ(read(gentoo, with(kGentoo, root)).root, "");
  EXPECT_EQ(
      read(gentoo, with(with(kGentoo, root), {{"INSTALLKERNEL_CONF_ROOT", "/srv/conf"}})).root,
      "/srv/root");
}

TEST(CallerTable, HasMicrocodeFilesListedFrom254On) {
  std::map<std::string, bool> lists;
  for (const CallerRow& row : caller_table()) lists[row.name] = row.lists_microcode;
  EXPECT_EQ(lists, (std::map<std::string, bool>{{"systemd 262", true},
                                                {"systemd 258 to 261", true},
                                                {"systemd 254 to 257", true},
                                                {"systemd 251 to 253", false},
                                                {"Gentoo's installkernel", false}}));
}

}  // namespace
}  // namespace kip::cli
